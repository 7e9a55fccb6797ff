/** The concept maps that may translate a code, for a `$translate` without a map. */

import { byVersion } from '../../fhir/canonical.ts'
import { parseLink } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import { escapeValue } from '../../search/parse/escapes.ts'
import { findMatching, type MatchingOptions } from '../../search/search.ts'
import type { ConceptMap } from './concept-map.ts'

/** The most concept maps for one code system, in number of maps; each is read whole. */
const mostMaps = 200

/** Returns the newest version of every concept map that matches a criterion, retired maps left out. */
export const mapsBy = async (
  criteria: readonly (readonly [name: string, value: string])[],
  options: MatchingOptions,
): Promise<readonly ConceptMap[]> => {
  const found = await Promise.all(
    criteria.map(([name, value]) =>
      findMatching('ConceptMap', [[name, escapeValue(value)]], options, mostMaps + 1),
    ),
  )
  const versions = new Map(found.flat().map((version) => [version.id, version]))
  if (versions.size > mostMaps)
    throw failure(
      'too-costly',
      `More than ${mostMaps} concept maps could translate that. Name one with \`url\`.`,
      'url',
    )
  const maps = [...versions.values()].map(({ text }) => JSON.parse(text) as ConceptMap)
  return newest(maps).filter(({ status }) => status !== 'retired')
}

const newest = (maps: readonly ConceptMap[]): readonly ConceptMap[] => {
  const byAddress = Map.groupBy(maps, ({ url, id }) => url ?? `ConceptMap/${id}`)
  return [...byAddress.values()].flatMap((all) =>
    all.toSorted((a, b) => byVersion(a.version, b.version)).slice(-1),
  )
}

/** Returns the addresses of a value set that is named as R4 allows: by its address, its id, or the place of its resource. */
export const setNames = async (
  text: string,
  { reader, base }: Pick<MatchingOptions, 'reader' | 'base'>,
): Promise<readonly string[]> => {
  const link = parseLink(/[/:]/.test(text) ? text : `ValueSet/${text}`, base)
  if (link?.kind !== 'local' || link.type !== 'ValueSet') return [text]
  const [version] = await reader.get([{ type: 'ValueSet', id: link.id }])
  if (!version || version.deleted)
    throw failure('not-found', `The value set \`ValueSet/${link.id}\` does not exist.`)
  const { url } = JSON.parse(version.text) as { url?: string }
  const place = `ValueSet/${link.id}`
  return [place, `${base}/${place}`, ...(url === undefined ? [] : [url])]
}
