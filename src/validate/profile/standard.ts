/** R4's own profiles and extensions, https://hl7.org/fhir/R4/profilelist.html */

import { profileRows } from '../../fhir/generated/profiles.js'
import type { StructureDefinition } from './compile/definition.ts'

const readStandard = new Map<string, StructureDefinition>()

/** Returns R4's definition at an address; undefined if R4 does not define the address. */
export const standardDefinition = (canonical: string): StructureDefinition | undefined => {
  const [url = '', version = '4.0.1'] = canonical.split('|')
  const row = version.startsWith('4.0') && Object.hasOwn(profileRows, url) ? profileRows[url] : undefined
  const known =
    readStandard.get(url) ?? (row === undefined ? undefined : (JSON.parse(row) as StructureDefinition))
  if (known) readStandard.set(url, known)
  return row === undefined ? undefined : known
}
