/** https://hl7.org/fhir/R4/references.html#canonical — the stored resources that canonical addresses lead to. */

import { addressesOf, canonicalKey, mayBeCanonical, resourceNamedBy } from '../../fhir/canonical.ts'
import { addressOf, containerOf } from '../../fhir/contained.ts'
import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { parseCanonical, referenceTo } from '../../fhir/references.ts'
import { resourceTypes } from '../../fhir/types.ts'
import { failure } from '../../outcome/failure.ts'
import { inChunks, inParallel } from '../../store/parallel.ts'
import { defaultControl } from '../parse/control.ts'
import { planQuery } from '../plan/plan.ts'
import type { Query } from '../query.ts'
import { valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { isOver, type Scope } from '../scope.ts'

const hasAddress = (type: string): boolean => searchParameters(type).get('url')?.type === 'uri'

/** Returns the types that have canonical addresses and may be a target of the parameter. */
export const canonicalTargets = (parameter: SearchParameter, only?: string): readonly string[] => {
  if (!mayBeCanonical(parameter)) return []
  const types = parameter.targets ?? resourceTypes
  return types.filter((type) => (only === undefined || type === only) && hasAddress(type))
}

/** The addresses in a single search: each is a list. */
const addressesAtOnce = 100
const addressReadsAtOnce = 16

const addressQuery = (type: string, urls: readonly string[], base: string): Query | undefined => {
  const parameter = searchParameters(type).get('url')
  if (!parameter) return undefined
  const values = urls.map((uri) => ({ type: 'uri', uri }) as const)
  return {
    ...defaultControl,
    type,
    base,
    clauses: [{ kind: 'value', parameter, modifier: '', values }],
    selfPairs: [],
    count: 1000,
  }
}

const tooManyByAddress = (type: string) =>
  failure(
    'too-costly',
    `More resources of type ${type} have one of the canonical addresses than one request may read. Ask for fewer matches with \`_count\`, or name the version.`,
    type,
  )

/** Returns all versions of the resources with any of the addresses; fails with `too-costly` beyond the scope's limits. */
const readAddressed = async (
  scope: Scope,
  type: string,
  urls: readonly string[],
  base: string,
): Promise<Read[]> => {
  const query = addressQuery(type, urls, base)
  if (!query) return []
  const plan = planQuery(query)
  const reads: Read[] = []
  let page = await readPage(scope, query, plan)
  for (;;) {
    reads.push(...page.reads)
    if (!page.next) return reads
    if (isOver(scope)) throw tooManyByAddress(type)
    page = await readPage(scope, query, plan, page.next)
  }
}

/** Returns the resources of a type that the addresses name, by address. */
const readNamed = async (
  scope: Scope,
  type: string,
  keys: readonly string[],
  base: string,
): Promise<ReadonlyMap<string, Read>> => {
  const urls = [...new Set(keys.map((key) => parseCanonical(key).url))]
  const found = await inParallel(addressReadsAtOnce, inChunks(urls, addressesAtOnce), (some) =>
    readAddressed(scope, type, some, base),
  )
  const byUrl = Map.groupBy(found.flat(), ({ resource }) => String(resource.url))
  const named = keys.flatMap((key) => {
    const all = byUrl.get(parseCanonical(key).url) ?? []
    const read = resourceNamedBy(
      key,
      all.map((each) => ({ ...each, t: each.version.t })),
    )
    return read ? [[key, read] as const] : []
  })
  return new Map(named)
}

/**
 * Returns, by canonical address, the keys (`Questionnaire/1`) of the resources that the canonical addresses among the
 * values name.
 */
export const keysNamed = async (
  scope: Scope,
  base: string,
  values: readonly TypedValue[],
  types: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const keys = [...new Set(values.map(canonicalKey).filter((key) => key !== undefined))]
  if (keys.length === 0) return new Map()
  const named = await inParallel(addressReadsAtOnce, types, async (type) =>
    [...(await readNamed(scope, type, keys, base))].map(
      ([key, { version }]) => [key, referenceTo({ type, id: version.id })] as const,
    ),
  )
  const groups = Map.groupBy(named.flat(), ([key]) => key)
  return new Map([...groups].map(([key, pairs]) => [key, pairs.map(([, place]) => place)]))
}

/**
 * Returns, for each resource, the canonical addresses that lead to it. All resources are of the same type; an address
 * shared by several versions leads to the newest.
 */
export const addressesTo = async (
  scope: Scope,
  base: string,
  reads: readonly Read[],
): Promise<readonly (readonly string[])[]> => {
  const own = reads.map(({ resource }) => (containerOf(resource) ? [] : addressesOf(resource)))
  const [first] = reads
  const keys = [...new Set(own.flat())]
  if (!first || keys.length === 0 || !hasAddress(first.resource.resourceType)) return own.map(() => [])
  const named = await readNamed(scope, first.resource.resourceType, keys, base)
  return own.map((mine, i) => mine.filter((key) => named.get(key)?.version.id === reads[i]?.version.id))
}

/** Returns the canonical addresses that lead to each resource, by the resource's own address. */
export const addressesByPlace = async (
  scope: Scope,
  { base }: Query,
  reads: readonly Read[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const byType = [...Map.groupBy(reads, ({ resource }) => resource.resourceType).values()]
  const found = await inParallel(addressReadsAtOnce, byType, async (alike) => {
    const addresses = await addressesTo(scope, base, alike)
    return alike.map(({ resource }, i) => [addressOf(resource), addresses[i] ?? []] as const)
  })
  return new Map(found.flat())
}

/**
 * Returns the keys of the resources that canonical addresses among the links lead to, optionally of a single target type.
 */
export const keysIncluded = async (
  scope: Scope,
  { base }: Query,
  links: readonly { parameter: SearchParameter; reads: readonly Read[] }[],
  target: string | undefined,
): Promise<readonly string[]> => {
  const found = await inParallel(addressReadsAtOnce, links, ({ parameter, reads }) => {
    const types = canonicalTargets(parameter, target)
    const values = types.length > 0 ? reads.flatMap(({ resource }) => valuesOf(resource, parameter)) : []
    return keysNamed(scope, base, values, types)
  })
  return found.flatMap((byAddress) => [...byAddress.values()].flat())
}
