/** The codes of `:in`, `:not-in`, `:above` and `:below`, https://hl7.org/fhir/R4/search.html#token */

import { parseLink } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import type { FindCodes, FoundCodes } from '../search/links/codes.ts'
import type { Reader } from '../store/reader.ts'
import type { ValueSetResource } from './resources.ts'
import { isSameOrBelow, nodeOf } from './systems/graph.ts'
import { openTerminology, type Terminology } from './terminology.ts'
import { codesOfValueSet, incompleteSystems } from './value-sets/expand.ts'
import { judgeOf } from './value-sets/judge.ts'
import { loadReferred } from './value-sets/loaded.ts'

/**
 * Returns the function that finds the codes of a modifier in a store. Fails with `not-found` where the value
 * set is not loaded.
 */
export const codesFinder =
  (store: Reader, base: string): FindCodes =>
  async (modifier, { set = '', system = '', code = '' }) => {
    const terminology = openTerminology(store)
    if (modifier === 'above' || modifier === 'below') return codesAround(terminology, modifier, system, code)
    const valueSet = (await ownValueSet(store, base, set)) ?? (await terminology.valueSet(set))
    if (valueSet) return meantBySet(terminology, valueSet)
    throw failure('not-found', `The value set \`${set}\` is not held. Load it as a resource first.`)
  }

/** `ValueSet/1`, or the same below the server's own base, names a resource rather than an address. */
const ownValueSet = async (
  store: Reader,
  base: string,
  text: string,
): Promise<ValueSetResource | undefined> => {
  const link = parseLink(text, base)
  if (link?.kind !== 'local' || link.type !== 'ValueSet') return undefined
  const [version] = await store.get([{ type: link.type, id: link.id }])
  return version && !version.deleted ? (JSON.parse(version.text) as ValueSetResource) : undefined
}

const meantBySet = async (terminology: Terminology, valueSet: ValueSetResource): Promise<FoundCodes> => {
  const held = await loadReferred(terminology, valueSet)
  const groups = Map.groupBy(codesOfValueSet(held, valueSet), (each) => each.system)
  const codes = new Map([...groups].map(([url, list]) => [url, new Set(list.map((each) => each.code))]))
  const judge = judgeOf(held, valueSet)
  const isOther = (system: string, code: string): boolean => judge({ system, code }).answer === 'no'
  const open = incompleteSystems(held, valueSet).map(({ url, nodes }) => {
    const others = [...nodes.keys()].filter((code) => isOther(url, code))
    return [url, new Set(others)] as const
  })
  return { codes, ...(open.length > 0 && { others: new Map(open) }) }
}

const codesAround = async (
  terminology: Terminology,
  modifier: 'above' | 'below',
  url: string,
  code: string,
): Promise<FoundCodes> => {
  const system = await terminology.system(url)
  if (!system)
    throw failure(
      'not-found',
      `The code system \`${url}\` is not held, so nothing is known above or below its codes.`,
    )
  if (!system.isA)
    throw failure(
      'unsupported',
      `The hierarchy of the code system \`${url}\` is of another meaning than \`is-a\`, so nothing is above or below its codes.`,
    )
  const node = nodeOf(system, code)
  if (!node) throw failure('not-found', `\`${code}\` is no code of \`${url}\` that is held.`)
  const found = [...system.nodes.keys()].filter((each) =>
    modifier === 'below' ? isSameOrBelow(system, each, node.code) : isSameOrBelow(system, node.code, each),
  )
  return { codes: new Map([[url, new Set(found)]]) }
}
