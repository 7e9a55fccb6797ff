/** https://hl7.org/fhir/R4/search.html#revinclude */

import { mayBeCanonical } from '../../fhir/canonical.ts'
import { addressOf, containerOf, innerResources, innerType } from '../../fhir/contained.ts'
import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { linkText, parseLink } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import { inChunks, inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import { defaultControl } from '../parse/control.ts'
import { planQuery } from '../plan/plan.ts'
import type { Inclusion, Query } from '../query.ts'
import type { Stages } from '../reading/stages.ts'
import { readVersions } from '../run/hydrate.ts'
import { localKey, valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import { inStage, type Read, type Scope } from '../scope.ts'
import { addressesByPlace, keysIncluded } from './canonical.ts'
import { type LinkParameter, linkParameters, linkParametersTo, mayLinkTo } from './link-parameters.ts'

const mostIncluded = 5000
const mostIncludeSteps = 20

/**
 * Returns the resources that the includes of a query add to its matches, each once; each step is a stage. Fails with
 * `too-costly` beyond 5,000 resources or 10,000 lists.
 */
export const readIncluded = async (
  stages: Stages,
  scope: Scope,
  query: Query,
  matches: readonly Read[],
): Promise<Read[]> => {
  if (query.includes.length + query.revincludes.length === 0) return []
  let fresh = withContainers(matches)
  let known: FoundResources = {
    keys: new Set(fresh.map(addressOfRead)),
    versions: new Set(fresh.map(versionOf)),
    lists: 0,
  }
  const included: Read[] = []
  for (let step = 0; fresh.length > 0 && step < mostIncludeSteps; step++) {
    const from = fresh
    const before = known
    const found = await inStage(stages, scope, async (own) => {
      const now = { ...before, keys: new Set(before.keys), versions: new Set(before.versions) }
      return { reads: await includeStep(own, query, from, step > 0, now), known: now }
    })
    fresh = found.reads
    known = found.known
    included.push(...fresh)
    if (included.length > mostIncluded) throw tooManyIncluded(query)
  }
  return included
}

/** The addresses found so far, also with their versions, and the number of lists read for them. */
interface FoundResources {
  readonly keys: Set<string>
  readonly versions: Set<string>
  lists: number
}

const addressOfRead = ({ resource }: Read): string => addressOf(resource)

const versionOf = (read: Read): string => `${addressOfRead(read)}/_history/${read.version.v}`

/** Returns the matches, and beside a container its contained matches: the links of both count. */
const withContainers = (matches: readonly Read[]): readonly Read[] =>
  matches.flatMap(({ version, resource, matching }): Read[] => {
    const container = matching && containerOf(resource)
    return container
      ? [container, ...matching].map((each) => ({ version, resource: each }))
      : [{ version, resource }]
  })

const tooManyIncluded = (query: Query) =>
  failure(
    'too-costly',
    `The includes add more than ${mostIncluded} resources. Ask for fewer matches with \`_count\`, or for fewer includes.`,
    query.type,
  )

const tooManyLinkLists = (query: Query) =>
  failure(
    'too-costly',
    `The links to what was found stand in more than ${mostLinkLists} lists. Ask for fewer matches with \`_count\`, or name the links instead of \`*\`.`,
    query.type,
  )

/** Follows links from resources and to resources by a single step; later steps follow `:iterate` only. */
const includeStep = async (
  scope: Scope,
  query: Query,
  from: readonly Read[],
  later: boolean,
  known: FoundResources,
): Promise<Read[]> => {
  const asked = (inclusion: Inclusion): boolean => !later || inclusion.iterate
  const included = query.includes.filter(asked)
  const named = await inParallel(includesAtOnce, included, (inclusion) =>
    keysIncluded(scope, query, linksFrom(from, inclusion, query), inclusion.target),
  )
  const keys = [...included.flatMap((inclusion) => linkedKeys(from, inclusion, query)), ...named.flat()]
  const beside = linkedBeside(query, from, keys, known.keys)
  const forward = await readLinked(scope, takeNew(keys, known.keys), known)
  const reverse = query.revincludes.filter(asked)
  const addresses = reverse.length > 0 ? await addressesByPlace(scope, query, from) : new Map()
  const lookups = reverse.flatMap((inclusion) => lookupsOf(from, inclusion, query, addresses))
  const backward = await linking(scope, query, lookups, known)
  const found = backward.filter((read) => !known.keys.has(addressOfRead(read)))
  const distinct = new Map(found.map((read) => [addressOfRead(read), read]))
  for (const [key, read] of distinct) {
    known.keys.add(key)
    known.versions.add(versionOf(read))
  }
  return [...beside, ...forward, ...distinct.values()]
}

/** Returns the resources that contained matches link to within their container, if the container itself is not returned. */
const linkedBeside = (
  { containedType }: Query,
  from: readonly Read[],
  keys: readonly string[],
  known: Set<string>,
): Read[] => {
  if (containedType !== 'contained') return []
  const wanted = new Set(keys.filter((key) => key.startsWith('#') && !known.has(key)))
  const found = from.flatMap(({ version, resource }) => {
    const container = containerOf(resource)
    return container ? innerResources(container).map((inner): Read => ({ version, resource: inner })) : []
  })
  const beside = new Map(
    found.filter((read) => wanted.has(addressOfRead(read))).map((read) => [addressOfRead(read), read]),
  )
  for (const key of beside.keys()) known.add(key)
  return [...beside.values()]
}

const takeNew = (keys: readonly string[], known: Set<string>) => {
  const fresh = [...new Set(keys)].filter((key) => !known.has(key) && !key.startsWith('#'))
  for (const key of fresh) known.add(key)
  return fresh.map((key) => {
    const [type = '', id = '', , version] = key.split('/')
    return { type, id, ...(version !== undefined && { version }) }
  })
}

/** Returns the targets of links: the current version, or the version that the link names; each version once. */
const readLinked = async (
  scope: Scope,
  places: readonly { type: string; id: string; version?: string }[],
  known: FoundResources,
): Promise<Read[]> => {
  const current = await readVersions(scope, places)
  const pairs = places.map((place, i) => [place, current[i]] as const)
  const reads = await inParallel(includesAtOnce, pairs, async ([{ type, id, version }, read]) =>
    version === undefined || version === String(read?.version.v)
      ? read
      : readPast(scope, { type, id }, Number(version)),
  )
  const there = reads.filter((read) => read !== undefined)
  const fresh = new Map(there.map((read) => [versionOf(read), read]))
  for (const each of known.versions) fresh.delete(each)
  for (const each of fresh.keys()) known.versions.add(each)
  for (const read of current) if (read && fresh.has(versionOf(read))) known.keys.add(addressOfRead(read))
  return [...fresh.values()]
}

const readPast = async (scope: Scope, key: ResourceKey, v: number): Promise<Read | undefined> => {
  const version = Number.isSafeInteger(v) && v > 0 ? await scope.store.version(key, v) : undefined
  return version && !version.deleted ? { version, resource: JSON.parse(version.text) as Resource } : undefined
}

const linkedKeys = (from: readonly Read[], inclusion: Inclusion, { base, own }: Query): readonly string[] =>
  from
    .filter(({ resource }) => inclusion.type === '*' || resource.resourceType === inclusion.type)
    .flatMap(({ resource }) =>
      linkParameters(resource.resourceType, inclusion.code, own)
        .flatMap((parameter) => valuesOf(resource, parameter))
        .map((value) => versionedKey(value, base))
        .filter((key) => key !== undefined)
        .filter((key) => inclusion.target === undefined || typeAt(key, resource) === inclusion.target),
    )

/** Returns the link parameters of an inclusion, each with the resources that may have such links. */
const linksFrom = (
  from: readonly Read[],
  { type, code }: Inclusion,
  { own }: Query,
): { parameter: SearchParameter; reads: readonly Read[] }[] => {
  const reads = from.filter(({ resource }) => type === '*' || resource.resourceType === type)
  return [...Map.groupBy(reads, ({ resource }) => resource.resourceType)].flatMap(([each, alike]) =>
    linkParameters(each, code, own).map((parameter) => ({ parameter, reads: alike })),
  )
}

/**
 * Returns the key of a link, with the version if the link names a version, which is then included.
 * https://hl7.org/fhir/R4/search.html#versions
 */
const versionedKey = (value: TypedValue, base: string): string | undefined => {
  const key = localKey(value, base)
  const link = key === undefined ? undefined : parseLink(linkText(value) ?? '', base)
  return link?.kind === 'local' && link.version !== undefined ? `${key}/_history/${link.version}` : key
}

const typeAt = (key: string, from: Resource): string | undefined =>
  key.startsWith('#') ? innerType(from, key.slice(key.lastIndexOf('#') + 1)) : key.split('/')[0]

const includesAtOnce = 16
/** The lists read at once: each target has a list for each link parameter. */
const listsAtOnce = 500
const mostLinkLists = 10_000

/** A link parameter and the targets whose referrers are searched. */
interface Lookup extends LinkParameter {
  targets: readonly string[]
}

/** Returns the searches for resources that link to these resources, by the inclusion's parameters. */
const lookupsOf = (
  to: readonly Read[],
  inclusion: Inclusion,
  { own }: Query,
  addresses: ReadonlyMap<string, readonly string[]>,
): Lookup[] => {
  const wanted = to.filter(
    ({ resource }) => inclusion.target === undefined || resource.resourceType === inclusion.target,
  )
  const types = new Set(wanted.map(({ resource }) => resource.resourceType))
  return linkParametersTo(inclusion, types, own).map((link) => ({
    ...link,
    targets: wanted
      .filter(({ resource }) => mayLinkTo(link.parameter, resource.resourceType))
      .map(addressOfRead)
      .flatMap((key) => [key, ...(mayBeCanonical(link.parameter) ? (addresses.get(key) ?? []) : [])]),
  }))
}

/**
 * Returns the resources that link to the targets of the searches. Fails with `too-costly` beyond 5,000 resources or
 * 10,000 lists.
 */
const linking = async (
  scope: Scope,
  query: Query,
  lookups: readonly Lookup[],
  known: FoundResources,
): Promise<Read[]> => {
  known.lists += lookups.reduce((sum, { targets }) => sum + targets.length, 0)
  if (known.lists > mostLinkLists) throw tooManyLinkLists(query)
  const size = Math.ceil(listsAtOnce / Math.min(lookups.length, includesAtOnce))
  const parts = lookups.flatMap((lookup) =>
    inChunks(lookup.targets, size).map((targets) => ({ ...lookup, targets })),
  )
  let count = 0
  const found = await inParallel(includesAtOnce, parts, async (part) => {
    const reads = await linkingTo(scope, query, part)
    count += reads.length
    if (count > mostIncluded) throw tooManyIncluded(query)
    return reads
  })
  return found.flat()
}

const linkingTo = async (
  scope: Scope,
  query: Query,
  { type, parameter, targets }: Lookup,
): Promise<Read[]> => {
  const inner: Query = {
    ...defaultControl,
    type,
    base: query.base,
    clauses: [{ kind: 'linked', parameter, targets: new Set(targets) }],
    selfPairs: [],
    count: 1000,
  }
  const plan = planQuery(inner)
  const reads: Read[] = []
  let page = await readPage(scope, inner, plan)
  reads.push(...page.reads)
  while (page.next && reads.length <= mostIncluded) {
    page = await readPage(scope, inner, plan, page.next)
    reads.push(...page.reads)
  }
  return reads
}
