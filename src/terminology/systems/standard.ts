/** R4's own code systems and value sets, each unpacked at its first use. */

import { brotliDecompressSync } from 'node:zlib'
import { systemRows } from '../../fhir/generated/systems.js'
import { valueSetRows } from '../../fhir/generated/value-sets.js'
import type { CodeSystemResource, ValueSetResource } from '../resources.ts'

const unpacked = new Map<string, readonly unknown[]>()

const unpack = (rows: Readonly<Record<string, string>>, url: string): readonly unknown[] => {
  const row = Object.hasOwn(rows, url) ? rows[url] : undefined
  return row === undefined ? [] : JSON.parse(brotliDecompressSync(Buffer.from(row, 'base64')).toString())
}

const unpackOnce = (
  kind: string,
  rows: Readonly<Record<string, string>>,
  url: string,
): readonly unknown[] => {
  const key = `${kind}|${url}`
  const known = unpacked.get(key) ?? unpack(rows, url)
  if (known.length > 0) unpacked.set(key, known)
  return known
}

/** Returns the versions of R4's code system of that address. */
export const standardSystems = (url: string): readonly CodeSystemResource[] =>
  unpackOnce('CodeSystem', systemRows, url) as readonly CodeSystemResource[]

/** Returns the versions of R4's value set of that address. */
export const standardValueSets = (url: string): readonly ValueSetResource[] =>
  unpackOnce('ValueSet', valueSetRows, url) as readonly ValueSetResource[]
