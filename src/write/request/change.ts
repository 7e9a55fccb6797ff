/** The changes that a request asks for, checked before anything is read: https://hl7.org/fhir/R4/http.html#transaction */

import { accessIssues } from '../../auth/authorise.ts'
import { idIssues } from '../../fhir/ids.ts'
import { sameSpelling } from '../../fhir/references.ts'
import { isResourceType } from '../../fhir/types.ts'
import { error, Failure, type Issue } from '../../outcome/failure.ts'
import { emptyBody, methodNotAllowed, noSuchType } from '../../outcome/messages.ts'
import { failOn, placed } from '../../outcome/outcome.ts'
import type { Body } from '../../request/body.ts'
import type { Context } from '../../request/context.ts'
import { resultParameters } from '../../request/query-text.ts'
import type { Version } from '../../store/port.ts'
import type { Patch } from '../patch/patch.ts'
import { validateOptionsOf } from '../policy/policy.ts'
import { type Criteria, criteriaFrom, criteriaOf } from '../resolve/criteria.ts'
import { type BundleEntry, type EntryMethod, isReadEntry } from './entries.ts'
import { misplacedConditions, type Preconditions, preconditionsIn } from './preconditions.ts'
import { provenanceIn } from './provenance.ts'
import { addressedIssues, bodyIssues, stampedIssueTest } from './verify.ts'

/** The resource that a change is about; `fresh` for a new resource with a random id. */
export interface Target {
  type: string
  id: string
  fresh: boolean
  /** The match of the criteria. */
  found?: Version
  /** Set if the criteria had no match and the id is the client's own, which must be free. */
  unmatched?: boolean
}

/** The target of each change, in their order; undefined for a change without a target. */
export type Targets = readonly (Target | undefined)[]

/** The members of every change that writes; the id is unknown while criteria name the target. */
interface WriteHead extends Preconditions {
  /** The change's path in the request: `Bundle.entry[3]`, or empty for the request itself. */
  place: string
  type: string
  id?: string
  criteria?: Criteria
  fullUrl?: string
  /** The Provenance that came in a header. */
  provenance?: Body
}

/** An entry that writes nothing and is answered after the commit. */
interface ReadChange {
  kind: 'read'
  place: string
}

interface CreateChange extends WriteHead {
  kind: 'create'
  body: Body
}

interface UpdateChange extends WriteHead {
  kind: 'update'
  body: Body
}

interface PatchChange extends WriteHead {
  kind: 'patch'
  patch: Patch
}

export interface DeleteChange extends WriteHead {
  kind: 'delete'
  /** The maximum of matches that a multiple delete may delete. */
  maxMatches?: number
  /** A match of a multiple delete, which is expanded to a change for each match. */
  match?: Version
}

export type WriteChange = CreateChange | UpdateChange | PatchChange | DeleteChange

/** An entry of a transaction, or a single write, as data: to be printed, compared and sent. */
export type Change = ReadChange | WriteChange

const kindOf: Readonly<Record<EntryMethod, Change['kind']>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  GET: 'read',
  HEAD: 'read',
}

/** Returns the resource in a change; undefined for a patch, a deletion and a read. */
export const bodyIn = (change: Change): Body | undefined =>
  change.kind === 'create' || change.kind === 'update' ? change.body : undefined

const partOf = (place: string, part: string): string => (place === '' ? '' : `${place}.${part}`)

const criteriaFor = (
  { method, headers, query }: BundleEntry,
  type: string,
  id?: string,
): Criteria | undefined => {
  const ifNoneExist = headers['if-none-exist']
  if (method === 'POST') return ifNoneExist === undefined ? undefined : criteriaOf(type, ifNoneExist)
  const pairs = method === 'DELETE' ? query.filter(([name]) => name !== '_count') : query
  return id === undefined ? criteriaFrom(type, pairs) : undefined
}

const maxMatchesDeleted = 1000

/** Returns the maximum of matches, given by `_count`; undefined for a change of a single resource. */
const maxMatchesOf = ({ method, query }: BundleEntry, id: string | undefined): number | undefined => {
  const text = query.findLast(([name]) => name === '_count')?.[1]
  if (method !== 'DELETE' || id !== undefined || text === undefined) return undefined
  const maxMatches = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (maxMatches >= 1 && maxMatches <= maxMatchesDeleted) return maxMatches
  throw new Failure([
    error('invalid', `\`_count=${text}\`: a deletion of all that match takes 1 to ${maxMatchesDeleted}.`),
  ])
}

/** Returns the object without its undefined members. */
const present = <T extends object>(object: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T

const changeOf = (entry: BundleEntry): WriteChange => {
  const { method, place, headers, fullUrl, body, patch } = entry
  const [type = '', id] = entry.path.split('/')
  const criteria = criteriaFor(entry, type, id)
  const maxMatches = maxMatchesOf(entry, id)
  const head = present<WriteHead>({ place, type, id, criteria, ...preconditionsIn(headers), fullUrl })
  if (method === 'DELETE') return { kind: 'delete', ...head, ...(maxMatches !== undefined && { maxMatches }) }
  if (patch) return { kind: 'patch', ...head, patch }
  if (body) return { kind: method === 'POST' ? 'create' : 'update', ...head, body }
  throw emptyBody(`a ${type}`)
}

const urlIssues = ({ method, path }: BundleEntry): readonly Issue[] => {
  const [type = '', id, ...more] = path.split('/')
  if (!isResourceType(type)) return noSuchType(type).issues
  if (more.length > 0 || (method === 'POST' && id !== undefined))
    return [methodNotAllowed(method, path, ['GET'])]
  return id === undefined ? [] : idIssues(id)
}

type TypeAt = (url: string) => string | undefined

/** Returns a function from a `fullUrl` to the type of its entry's resource. */
const typesOfEntries = (entries: readonly BundleEntry[]): TypeAt => {
  const types = new Map(
    entries.flatMap(({ fullUrl, body, path }): [string, string][] =>
      fullUrl && body ? [[sameSpelling(fullUrl), path.split('/')[0] ?? '']] : [],
    ),
  )
  return (url) => types.get(sameSpelling(url))
}

const resourceIssues = (
  change: WriteChange,
  method: EntryMethod,
  context: Context,
  typeAt: TypeAt,
): readonly Issue[] => {
  const { type, id, place } = change
  const body = bodyIn(change)
  if (!body) return []
  const options = { ...validateOptionsOf(context), conditionalReferences: place !== '', typeAt }
  const issues =
    change.kind === 'update' && id !== undefined
      ? addressedIssues(body, type, id, options)
      : bodyIssues(body, type, options)
  const isReplaced = stampedIssueTest(method, type)
  return issues.filter((issue) => !isReplaced(issue))
}

/** Returns the issues of an entry's query, which must be empty if the path names the resource. */
const queryIssues = ({ method, path, query, place }: BundleEntry): Issue[] => {
  if (place === '' || (method !== 'POST' && !path.includes('/'))) return []
  const unknown = query.find(([name]) => !resultParameters.has(name))
  return unknown ? [error('unknown-parameter', `\`${unknown[0]}\` is no parameter of a ${method} here.`)] : []
}

interface CheckedEntry {
  change?: Change
  issues: readonly Issue[]
}

const checked = (entry: BundleEntry, context: Context, typeAt: TypeAt): CheckedEntry => {
  const wrong = [...urlIssues(entry), ...queryIssues(entry)]
  if (wrong.length > 0) return { issues: placed(wrong, partOf(entry.place, 'request.url')) }
  const conditions = misplacedConditions(entry)
  if (conditions.length > 0) return { issues: placed(conditions, partOf(entry.place, 'request')) }
  const change = changeOf(entry)
  const forbidden = placed(accessIssues(context.principal, kindOf[entry.method], change.type), entry.place)
  const { provenance, issues } = provenanceIn(entry.headers, change.type, context)
  return {
    change: provenance ? { ...change, provenance } : change,
    issues: [
      ...forbidden,
      ...placed(resourceIssues(change, entry.method, context, typeAt), partOf(entry.place, 'resource')),
      ...issues,
    ],
  }
}

const checkedOrFailed = (entry: BundleEntry, context: Context, typeAt: TypeAt): CheckedEntry => {
  try {
    return isReadEntry(entry)
      ? { change: { kind: 'read', place: entry.place }, issues: [] }
      : checked(entry, context, typeAt)
  } catch (thrown) {
    if (thrown instanceof Failure) return { issues: placed(thrown.issues, partOf(entry.place, 'request')) }
    throw thrown
  }
}

/**
 * Returns an issue for a condition that refers to another entry: its id is not known yet, so the condition could not
 * match.
 */
const dependent = ({ criteria, place }: WriteChange, urls: ReadonlySet<string>): Issue[] => {
  const named = criteria?.pairs
    .flatMap(([, value]) => value.split(','))
    .find((value) => urls.has(sameSpelling(value)))
  return named === undefined
    ? []
    : [
        error(
          'invalid',
          `The condition names \`${named}\`, another entry, which has no id yet. Ask for what identifies it, as in \`subject:Patient.identifier=…\`.`,
          `${place}.request`,
        ),
      ]
}

const dependents = (all: readonly Change[]): Issue[] => {
  const changes = all.filter((change) => change.kind !== 'read')
  if (!changes.some(({ criteria }) => criteria)) return []
  const urls = new Set(changes.flatMap(({ fullUrl }) => (fullUrl === undefined ? [] : sameSpelling(fullUrl))))
  return changes.flatMap((change) => dependent(change, urls))
}

/** Returns the changes that the entries ask for; fails with the issues of all entries, the `known` issues included. */
export const checkedChanges = (
  entries: readonly BundleEntry[],
  context: Context,
  known: readonly Issue[] = [],
): Change[] => {
  const typeAt = typesOfEntries(entries)
  const judgements = entries.map((entry) => checkedOrFailed(entry, context, typeAt))
  const changes = judgements.flatMap(({ change }) => change ?? [])
  failOn([...known, ...judgements.flatMap(({ issues }) => issues), ...dependents(changes)])
  return changes
}
