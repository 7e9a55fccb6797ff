/** https://hl7.org/fhir/R4/patient-operation-everything.html — what a record refers to and cannot be read without, though it is nobody's own. */

import { typesInCompartment } from '../fhir/parameters.ts'
import { parseLink } from '../fhir/references.ts'
import type { ResourceKey, Store, Version } from '../store/port.ts'

/** Returns whether resources of a type come along with those that refer to them: they are of no patient's record. */
export const isCompanion = (type: string): boolean =>
  type !== 'Patient' && !typesInCompartment('Patient').includes(type)

/** References, and the addresses of attachments. */
const links = /"(?:reference|url)"\s*:\s*"([^"\\]+)"/g

const linksIn = ({ text }: Version, base: string): ResourceKey[] =>
  [...text.matchAll(links)].flatMap(([, link = '']) => {
    const target = parseLink(link, base)
    return target?.kind === 'local' && isCompanion(target.type) ? [{ type: target.type, id: target.id }] : []
  })

const keyOf = ({ type, id }: ResourceKey): string => `${type}/${id}`

/** Returns what resources refer to, each once and none of them. */
export const companionsOf = async (
  versions: readonly Version[],
  store: Store,
  base: string,
): Promise<Version[]> => {
  const told = new Set(versions.map(keyOf))
  const wanted = new Map(versions.flatMap((each) => linksIn(each, base)).map((key) => [keyOf(key), key]))
  const keys = [...wanted.values()].filter((key) => !told.has(keyOf(key)))
  const found = keys.length > 0 ? await store.get(keys) : []
  return found.filter((version) => version !== undefined).filter(({ deleted }) => !deleted)
}
