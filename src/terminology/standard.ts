/** R4's own code systems and value sets, unpacked one by one when they are first asked for. */

import { brotliDecompressSync } from 'node:zlib'
import { systemRows } from '../fhir/generated/systems.js'
import { valueSetRows } from '../fhir/generated/value-sets.js'
import type { CodeSystem, ValueSet } from './resources.ts'

const unpacked = new Map<string, readonly unknown[]>()

const unpack = (rows: Readonly<Record<string, string>>, url: string): readonly unknown[] => {
  const row = Object.hasOwn(rows, url) ? rows[url] : undefined
  return row === undefined ? [] : JSON.parse(brotliDecompressSync(Buffer.from(row, 'base64')).toString())
}

const read = (kind: string, rows: Readonly<Record<string, string>>, url: string): readonly unknown[] => {
  const key = `${kind}|${url}`
  const known = unpacked.get(key) ?? unpack(rows, url)
  if (known.length > 0) unpacked.set(key, known)
  return known
}

/** Returns the versions of R4's code system of that address. */
export const standardSystems = (url: string): readonly CodeSystem[] =>
  read('CodeSystem', systemRows, url) as readonly CodeSystem[]

/** Returns the versions of R4's value set of that address. */
export const standardValueSets = (url: string): readonly ValueSet[] =>
  read('ValueSet', valueSetRows, url) as readonly ValueSet[]
