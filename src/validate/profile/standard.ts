/** R4's own profiles and extensions, https://hl7.org/fhir/R4/profilelist.html */

import { profileRows } from '../../fhir/generated/profiles.js'
import type { StructureDefinition } from './compile/definition.ts'

const read = new Map<string, StructureDefinition>()

/** Returns R4's definition at an address; undefined where it has none. */
export const standardDefinition = (canonical: string): StructureDefinition | undefined => {
  const [url = '', version = '4.0.1'] = canonical.split('|')
  const row = version.startsWith('4.0') && Object.hasOwn(profileRows, url) ? profileRows[url] : undefined
  const known = read.get(url) ?? (row === undefined ? undefined : (JSON.parse(row) as StructureDefinition))
  if (known) read.set(url, known)
  return row === undefined ? undefined : known
}
