/**
 * Resources outside of every patient's compartment, such as practitioners, that a record refers to:
 * https://hl7.org/fhir/R4/patient-operation-everything.html
 */

import { typesInCompartment } from '../../fhir/parameters.ts'
import { parseLink, referenceTo } from '../../fhir/references.ts'
import type { ResourceKey, Version } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import { charactersOf } from './pages.ts'

/**
 * Returns whether resources of a type belong to no patient's compartment and are therefore returned with the resources
 * that refer to them.
 */
export const isRelatedType = (type: string): boolean =>
  type !== 'Patient' && !typesInCompartment('Patient').includes(type)

/** References, and the addresses of attachments. */
const links = /"(?:reference|url)"\s*:\s*"([^"\\]+)"/g

const linksIn = ({ text }: Version, base: string): ResourceKey[] =>
  [...text.matchAll(links)].flatMap(([, link = '']) => {
    const target = parseLink(link, base)
    return target?.kind === 'local' && isRelatedType(target.type)
      ? [{ type: target.type, id: target.id }]
      : []
  })

/** The related resources to read: behind a key, of wanted types, and up to a number of characters. */
export interface RelatedScope {
  after: string
  isWanted: (key: ResourceKey) => boolean
  room: number
}

/** Sorts before every key: the position of a page that had no room for the first related resource. */
const beforeAll = '!'

const relatedBatch = 50

/**
 * Returns the related resources of these versions, without repetitions, in the order of keys; with the last key if more
 * follow.
 */
export const relatedResourcesOf = async (
  versions: readonly Version[],
  { after, isWanted, room }: RelatedScope,
  { reader, base }: { reader: Pick<Reader, 'get'>; base: string },
): Promise<{ versions: Version[]; last?: string }> => {
  const shown = new Set(versions.map(referenceTo))
  const linked = new Map(
    versions.flatMap((each) => linksIn(each, base)).map((key) => [referenceTo(key), key]),
  )
  const wanted = [...linked]
    .filter(([name, key]) => name > after && !shown.has(name) && isWanted(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const found: Version[] = []
  for (let i = 0; i < wanted.length; i += relatedBatch) {
    if (charactersOf(found) > room) return { versions: found, last: wanted[i - 1]?.[0] ?? beforeAll }
    const some = await reader.get(wanted.slice(i, i + relatedBatch).map(([, key]) => key))
    found.push(...some.filter((version) => version !== undefined).filter(({ deleted }) => !deleted))
  }
  return { versions: found }
}
