/** Writes R4's own code systems and value sets, https://hl7.org/fhir/R4/terminologies-systems.html, for the terminology operations. */

import { brotliCompressSync, constants } from 'node:zlib'
import type { SourceDefinitions } from '../source.ts'

/** The members that neither validation nor expansion reads. */
const leftOut: ReadonlySet<string> = new Set([
  'text',
  'meta',
  'extension',
  'contact',
  'publisher',
  'identifier',
  'copyright',
  'purpose',
  'useContext',
  'jurisdiction',
  'description',
  'date',
  'experimental',
  'immutable',
])

const cutResource = (resource: object): object =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => !leftOut.has(name)))

/**
 * Returns the module text that `src/terminology/systems/standard.ts` reads: by address, the JSON of all versions, in
 * Brotli and base64.
 */
const writeRows = (name: string, resources: readonly { url: string }[]): string => {
  const groups = Map.groupBy(resources, ({ url }) => url)
  const rows = [...groups].map(([url, versions]) => [url, packed(versions.map(cutResource))])
  return `export const ${name} = ${JSON.stringify(Object.fromEntries(rows), null, 1)}\n`
}

const packed = (value: unknown): string =>
  brotliCompressSync(JSON.stringify(value), { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }).toString(
    'base64',
  )

export const writeSystems = ({ terminology }: SourceDefinitions): string =>
  writeRows('systemRows', terminology.codeSystems)

export const writeValueSets = ({ terminology }: SourceDefinitions): string =>
  writeRows('valueSetRows', terminology.valueSets)
