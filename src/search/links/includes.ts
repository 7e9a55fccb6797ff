/** https://hl7.org/fhir/R4/search.html#revinclude */

import { mayBeCanonical } from '../../fhir/canonical.ts'
import { addressOf, containerOf, innerResources, innerType } from '../../fhir/contained.ts'
import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { linkText, parseLink } from '../../fhir/references.ts'
import { resourceTypes } from '../../fhir/types.ts'
import { failure } from '../../outcome/failure.ts'
import { inChunks, inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import { searchParameterOf } from '../index/lists.ts'
import { defaultControl } from '../parse/control.ts'
import { isFollowed } from '../parse/parse-context.ts'
import { planQuery } from '../plan/plan.ts'
import type { Inclusion, OwnParameters, Query } from '../query.ts'
import type { Stages } from '../reading/stages.ts'
import { readVersions } from '../run/hydrate.ts'
import { localKey, valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import { inStage, type Read, type Scope } from '../scope.ts'
import { addressesByPlace, keysIncluded } from './canonical.ts'

const mostIncluded = 5000
const mostSteps = 20

/** Returns the resources that the includes of a query add to its matches, each once; each step is a stage. */
export const readIncluded = async (
  stages: Stages,
  scope: Scope,
  query: Query,
  matches: readonly Read[],
): Promise<Read[]> => {
  if (query.includes.length + query.revincludes.length === 0) return []
  let fresh = tellingReads(matches)
  let known: Known = {
    keys: new Set(fresh.map(keyOf)),
    versions: new Set(fresh.map(versionOf)),
    lists: 0,
  }
  const included: Read[] = []
  for (let step = 0; fresh.length > 0 && step < mostSteps; step++) {
    const from = fresh
    const before = known
    const found = await inStage(stages, scope, async (own) => {
      const now = { ...before, keys: new Set(before.keys), versions: new Set(before.versions) }
      return { reads: await oneStep(own, query, from, step > 0, now), known: now }
    })
    fresh = found.reads
    known = found.known
    included.push(...fresh)
    if (included.length > mostIncluded) throw tooMany(query)
  }
  return included
}

/** What has been found, also in which version, and how many lists that took. */
interface Known {
  readonly keys: Set<string>
  readonly versions: Set<string>
  lists: number
}

const keyOf = ({ resource }: Read): string => addressOf(resource)

const versionOf = (read: Read): string => `${keyOf(read)}/_history/${read.version.v}`

/** Where what a match is inside of is told, links of both count. */
const tellingReads = (matches: readonly Read[]): readonly Read[] =>
  matches.flatMap(({ version, resource, matching }): Read[] => {
    const container = matching && containerOf(resource)
    return container
      ? [container, ...matching].map((each) => ({ version, resource: each }))
      : [{ version, resource }]
  })

const tooMany = (query: Query) =>
  failure(
    'too-costly',
    `The includes add more than ${mostIncluded} resources. Ask for fewer matches with \`_count\`, or for fewer includes.`,
    query.type,
  )

const tooWide = (query: Query) =>
  failure(
    'too-costly',
    `The links to what was found stand in more than ${mostLists} lists. Ask for fewer matches with \`_count\`, or name the links instead of \`*\`.`,
    query.type,
  )

/** One step from resources to those they link to and that link to them; later steps follow `:iterate` only. */
const oneStep = async (
  scope: Scope,
  query: Query,
  from: readonly Read[],
  later: boolean,
  known: Known,
): Promise<Read[]> => {
  const asked = (inclusion: Inclusion): boolean => !later || inclusion.iterate
  const included = query.includes.filter(asked)
  const named = await inParallel(width, included, (inclusion) =>
    keysIncluded(scope, query, linksFrom(from, inclusion, query), inclusion.target),
  )
  const keys = [...included.flatMap((inclusion) => linkedKeys(from, inclusion, query)), ...named.flat()]
  const beside = linkedBeside(query, from, keys, known.keys)
  const forward = await readLinked(scope, take(keys, known.keys), known)
  const reverse = query.revincludes.filter(asked)
  const addresses = reverse.length > 0 ? await addressesByPlace(scope, query, from) : new Map()
  const lookups = reverse.flatMap((inclusion) => lookupsOf(from, inclusion, query, addresses))
  const backward = await linking(scope, query, lookups, known)
  const found = backward.filter((read) => !known.keys.has(keyOf(read)))
  const distinct = new Map(found.map((read) => [keyOf(read), read]))
  for (const [key, read] of distinct) {
    known.keys.add(key)
    known.versions.add(versionOf(read))
  }
  return [...beside, ...forward, ...distinct.values()]
}

/** A match that is told without what it is inside of may link to others inside of that. */
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
  const beside = new Map(found.filter((read) => wanted.has(keyOf(read))).map((read) => [keyOf(read), read]))
  for (const key of beside.keys()) known.add(key)
  return [...beside.values()]
}

const take = (keys: readonly string[], known: Set<string>) => {
  const fresh = [...new Set(keys)].filter((key) => !known.has(key) && !key.startsWith('#'))
  for (const key of fresh) known.add(key)
  return fresh.map((key) => {
    const [type = '', id = '', , version] = key.split('/')
    return { type, id, ...(version !== undefined && { version }) }
  })
}

/** Returns what links lead to: as it is now, or in the version that the link names, each version once. */
const readLinked = async (
  scope: Scope,
  places: readonly { type: string; id: string; version?: string }[],
  known: Known,
): Promise<Read[]> => {
  const current = await readVersions(scope, places)
  const pairs = places.map((place, i) => [place, current[i]] as const)
  const reads = await inParallel(width, pairs, async ([{ type, id, version }, read]) =>
    version === undefined || version === String(read?.version.v)
      ? read
      : readPast(scope, { type, id }, Number(version)),
  )
  const there = reads.filter((read) => read !== undefined)
  const fresh = new Map(there.map((read) => [versionOf(read), read]))
  for (const each of known.versions) fresh.delete(each)
  for (const each of fresh.keys()) known.versions.add(each)
  for (const read of current) if (read && fresh.has(versionOf(read))) known.keys.add(keyOf(read))
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

/** Returns the links of an inclusion, and the resources that have them. */
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

/** A link may name a version, which should be what is included. https://hl7.org/fhir/R4/search.html#versions */
const versionedKey = (value: TypedValue, base: string): string | undefined => {
  const key = localKey(value, base)
  const link = key === undefined ? undefined : parseLink(linkText(value) ?? '', base)
  return link?.kind === 'local' && link.version !== undefined ? `${key}/_history/${link.version}` : key
}

const typeAt = (key: string, from: Resource): string | undefined =>
  key.startsWith('#') ? innerType(from, key.slice(key.lastIndexOf('#') + 1)) : key.split('/')[0]

const linkParameters = (type: string, code: string, own?: OwnParameters): readonly SearchParameter[] => {
  if (code === '*')
    return [...searchParameters(type).values(), ...(own?.of(type).values() ?? [])].filter(isFollowed)
  const parameter = searchParameterOf(type, code, own)
  return parameter ? [parameter] : []
}

const width = 16
/** Each resource that is linked to has a list for each link; so many are read at once. */
const listsAtOnce = 500
const mostLists = 10_000

/** A link by which resources of a type can point to others. */
export interface Link {
  type: string
  parameter: SearchParameter
}

const mayBe = ({ targets }: SearchParameter, type: string): boolean => targets?.includes(type) ?? true

/** Those that lie within others (`patient` within `subject`) would only find the same again. */
const pointsTo = (parameter: SearchParameter, types: ReadonlySet<string>): boolean =>
  parameter.within === undefined && [...types].some((type) => mayBe(parameter, type))

/** Returns the links by which resources of the inclusion's type can point to one of these types. */
export const linksTo = (
  { type, code }: Pick<Inclusion, 'type' | 'code'>,
  targetTypes: ReadonlySet<string>,
  own?: OwnParameters,
): Link[] =>
  type === '*'
    ? resourceTypes.flatMap((each) =>
        linkParameters(each, '*', own)
          .filter((parameter) => pointsTo(parameter, targetTypes))
          .map((parameter) => ({ type: each, parameter })),
      )
    : linkParameters(type, code, own).map((parameter) => ({ type, parameter }))

/** A link, and what is sought at its other end. */
interface Lookup extends Link {
  targets: readonly string[]
}

/** Returns where resources must be looked for that link to any of these, as the inclusion says. */
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
  return linksTo(inclusion, types, own).map((link) => ({
    ...link,
    targets: wanted
      .filter(({ resource }) => mayBe(link.parameter, resource.resourceType))
      .map(keyOf)
      .flatMap((key) => [key, ...(mayBeCanonical(link.parameter) ? (addresses.get(key) ?? []) : [])]),
  }))
}

/** Returns the resources that link to what is looked for. Fails where that takes too much. */
const linking = async (
  scope: Scope,
  query: Query,
  lookups: readonly Lookup[],
  known: Known,
): Promise<Read[]> => {
  known.lists += lookups.reduce((sum, { targets }) => sum + targets.length, 0)
  if (known.lists > mostLists) throw tooWide(query)
  const size = Math.ceil(listsAtOnce / Math.min(lookups.length, width))
  const parts = lookups.flatMap((lookup) =>
    inChunks(lookup.targets, size).map((targets) => ({ ...lookup, targets })),
  )
  let count = 0
  const found = await inParallel(width, parts, async (part) => {
    const reads = await linkingTo(scope, query, part)
    count += reads.length
    if (count > mostIncluded) throw tooMany(query)
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
