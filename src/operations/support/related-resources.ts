/** https://hl7.org/fhir/R4/patient-operation-everything.html — what a record refers to and cannot be read without, though it is nobody's own. */

import { typesInCompartment } from '../../fhir/parameters.ts'
import { parseLink, referenceTo } from '../../fhir/references.ts'
import type { ResourceKey, Store, Version } from '../../store/port.ts'
import { sizeOf } from './pages.ts'

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

/** Which related are wanted: those behind a key, of types, and of so many characters. */
export interface Company {
  after: string
  isWanted: (key: ResourceKey) => boolean
  room: number
}

/** Before every key, where there was no room for the first. */
const beforeAll = '!'

const atOnce = 50

/** Returns what resources refer to, each once and none of them, in the order of keys; with the last key where there are more. */
export const companionsOf = async (
  versions: readonly Version[],
  { after, isWanted, room }: Company,
  { store, base }: { store: Pick<Store, 'get'>; base: string },
): Promise<{ versions: Version[]; last?: string }> => {
  const shown = new Set(versions.map(referenceTo))
  const linked = new Map(
    versions.flatMap((each) => linksIn(each, base)).map((key) => [referenceTo(key), key]),
  )
  const wanted = [...linked]
    .filter(([name, key]) => name > after && !shown.has(name) && isWanted(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const found: Version[] = []
  for (let i = 0; i < wanted.length; i += atOnce) {
    if (sizeOf(found) > room) return { versions: found, last: wanted[i - 1]?.[0] ?? beforeAll }
    const some = await store.get(wanted.slice(i, i + atOnce).map(([, key]) => key))
    found.push(...some.filter((version) => version !== undefined).filter(({ deleted }) => !deleted))
  }
  return { versions: found }
}
