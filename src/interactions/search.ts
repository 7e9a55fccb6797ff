/** https://hl7.org/fhir/R4/http.html#search */

import { type BundleLink, bundleText } from '../fhir/bundle.ts'
import { isCompartment, typesInCompartment } from '../fhir/parameters.ts'
import { referenceTo } from '../fhir/references.ts'
import { isResourceType, resourceTypes } from '../fhir/types.ts'
import { failure, type Issue, warning } from '../outcome/failure.ts'
import { noSuchType } from '../outcome/messages.ts'
import { outcomeText } from '../outcome/outcome.ts'
import type { Call, Interaction, Pairs } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { queryText } from '../request/query-text.ts'
import { readQuery } from '../search/custom.ts'
import { explanationIssue } from '../search/explain.ts'
import { searchType, searchTypes } from '../search/multi-type.ts'
import { withinCompartment } from '../search/parse/compartment.ts'
import { containedVariants, type Pair, type Query } from '../search/query.ts'
import type { SearchPage } from '../search/search.ts'
import { outcomeEntry, searchEntry } from './bundle/bundle-text.ts'
import { type Cut, cutFor } from './result-parameters.ts'

/** "Empty parameters are not an error - they are just ignored." */
const isEmpty = ([, value]: Pair): boolean => value === ''

const ignored = (type: string, [name]: Pair): Issue =>
  warning('invalid', `\`${name}\` has no value and is ignored.`, `${type}?${name}`)

const address = (base: string, type: string, pairs: Pairs): string => {
  const path = type === '' ? base : `${base}/${type}`
  const query = queryText(pairs)
  return query === '' ? path : `${path}?${query}`
}

const searchLinks = (page: SearchPage, type: string, understood: Pairs, base: string): BundleLink[] => {
  const self = { relation: 'self', url: address(base, type, understood) }
  const begin = understood.filter(([name]) => name !== '_cursor')
  const first = { relation: 'first', url: address(base, type, begin) }
  const others = (['previous', 'next'] as const).flatMap((relation) => {
    const cursor = page[relation]
    return cursor === undefined
      ? []
      : [{ relation, url: address(base, type, [...begin, ['_cursor', cursor]]) }]
  })
  return [self, first, ...others]
}

const entriesOf = (page: SearchPage, base: string, cut: Cut, issues: SearchPage['issues']): string[] => [
  ...page.matches.map((version) => searchEntry(version, 'match', base, cut(version))),
  ...page.included.map((version) => searchEntry(version, 'include', base, cut(version))),
  ...(issues.length > 0 ? [outcomeEntry(outcomeText(issues))] : []),
]

/** Returns whether a parameter is evaluated before each type is searched by itself. */
const isAboutTypes = ([name]: Pair): boolean => name === '_type' || name === '_cursor'

/** A whole system and a compartment are searched type by type. */
const typesOf = ({ type, member }: Call, pairs: Pairs): readonly string[] => {
  if (member !== '' && !isCompartment(type))
    throw failure(
      'not-found',
      `R4 defines no compartment of a ${type}. There are Patient, Encounter, Practitioner, RelatedPerson and Device.`,
    )
  if (member !== '' && member !== '*') return [member]
  const wanted = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  const unknown = wanted.find((each) => !isResourceType(each))
  if (unknown !== undefined) throw noSuchType(unknown)
  const possible = member === '*' ? [type, ...typesInCompartment(type)] : resourceTypes
  return [...new Set(wanted.length === 0 ? possible : wanted)]
}

interface SearchFindings {
  page: SearchPage
  query: Query
  issues: readonly Issue[]
}

const onlyOnce = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask()
    return asked
  }
}

/**
 * Returns the issues without repetitions. A parameter unknown to a single type is reported, even if other types know the
 * parameter.
 */
const distinctIssues = (issues: readonly Issue[]): readonly Issue[] => [
  ...new Map(issues.map((issue) => [issue.diagnostics, issue])).values(),
]

/** Fails for containers of several types: a container would be returned again for each type of its contained resources. */
const checkContainers = ({ contained, containedType }: Query, types: readonly string[]): void => {
  if (contained === 'false' || containedType === 'contained' || types.length === 1) return
  throw failure(
    'unsupported',
    'The containers of resources of several types cannot be returned together. Search for a single type, or ask for `_containedType=contained`.',
    '_contained',
  )
}

const findPage = async (call: Call, pairs: Pairs, context: Context): Promise<SearchFindings> => {
  const { base } = context
  const within = call.member === '' ? undefined : referenceTo(call)
  const placed = (query: Query): Query => (within === undefined ? query : withinCompartment(query, within))
  const options = { lenient: call.prefer.lenient, base }
  if (within === undefined && call.type !== '') {
    const { query, issues } = await readQuery(call.type, pairs, options, context.reader)
    return { query, issues, page: await searchType(query, context) }
  }
  const types = typesOf(call, pairs)
  const own = pairs.filter((pair) => !isAboutTypes(pair))
  const definitions = onlyOnce(() => context.reader.definitions())
  const readAll = (each: Pairs) =>
    Promise.all(types.map((type) => readQuery(type, each, options, { definitions })))
  const asked = await readAll(own)
  // A parameter ignored for one type must not narrow another type, since no self link could state the difference.
  const understood = asked.map(({ query }) => new Set(query.selfPairs))
  const shared = own.filter((pair) => understood.every((each) => each.has(pair)))
  const parsed = shared.length < own.length ? await readAll(shared) : asked
  const [first] = parsed
  if (!first) throw failure('invalid', 'There is no type to search.', '_type')
  checkContainers(first.query, types)
  const queries = parsed.flatMap(({ query }) => containedVariants(placed(query)))
  const cursor = pairs.findLast(([name]) => name === '_cursor')?.[1]
  return {
    query: {
      ...first.query,
      selfPairs: pairs.filter((pair) => isAboutTypes(pair) || shared.includes(pair)),
    },
    issues: distinctIssues(asked.flatMap(({ issues }) => issues)),
    page: await searchTypes(queries, cursor, context),
  }
}

const searchPath = ({ type, id, member }: Call): string => (member === '' ? type : `${type}/${id}/${member}`)

export const searchInteraction: Interaction = async (call, context) => {
  const { base, now } = context
  const pairs = call.query.filter((pair) => !isEmpty(pair))
  const empty = call.query.filter(isEmpty).map((pair) => ignored(searchPath(call), pair))
  const { query, issues, page } = await findPage(call, pairs, context)
  const cut = await cutFor(
    {
      ...call,
      type: call.member === '' || call.member === '*' ? call.type : call.member,
      query: query.selfPairs,
    },
    true,
  )
  const issuesShown = [
    ...empty,
    ...issues,
    ...page.issues,
    ...(query.explain ? [explanationIssue(page.explain)] : []),
  ]
  return {
    status: 200,
    text: bundleText({
      type: 'searchset',
      id: crypto.randomUUID(),
      timestamp: new Date(now()).toISOString(),
      total: page.total,
      links: searchLinks(page, searchPath(call), query.selfPairs, base),
      entries: entriesOf(page, base, cut, issuesShown),
    }),
  }
}
