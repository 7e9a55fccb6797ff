/** https://hl7.org/fhir/R4/http.html#transaction */

import { accessIssues } from '../../auth/authorise.ts'
import { bundleText } from '../../fhir/bundle.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import { failOn, issuesOf, placed, statusOf } from '../../outcome/outcome.ts'
import { type Body, bodyOf } from '../../request/body.ts'
import type { Answer, Call, Dispatch, Interaction } from '../../request/call.ts'
import { inParallel } from '../../store/parallel.ts'
import { checkedChanges } from '../../write/request/change.ts'
import {
  type BundleEntry,
  type EntryRead,
  isReadEntry,
  readEntries,
  wrapperIssues,
} from '../../write/request/entries.ts'

import { transact } from '../../write/transaction.ts'
import { answerOf, applyChange } from '../change.ts'
import { once, withOwnKey } from '../idempotency.ts'
import { checkQuery } from '../result-parameters.ts'
import { refuseCrossReferences } from './cross-references.ts'
import { responseEntry } from './response-entry.ts'

const parallelEntries = 8

const failedAnswer = (thrown: unknown, context: Dispatch): Answer => {
  const issues = issuesOf(thrown, context.requestId)
  if (issues.some(({ kind }) => kind === 'fault')) context.report(thrown)
  return { status: statusOf(issues), issues }
}

/** Sends an entry through the same routes as a request from outside. */
const askEntry = async (entry: BundleEntry, context: Dispatch): Promise<Answer> => {
  const { method, path, query, headers, body, patch } = entry
  try {
    if (patch && 'meta' in patch) return await applyChange(entry, context)
    const sent = patch ? { ...headers, 'content-type': patch.type } : headers
    const text = patch?.text ?? body?.text ?? ''
    const answer = await context.again({ method, path, query, headers: sent, body: text })
    return method === 'HEAD' ? { ...answer, bare: true } : answer
  } catch (thrown) {
    return failedAnswer(thrown, context)
  }
}

const askRead = (read: EntryRead, context: Dispatch): Promise<Answer> =>
  read.entry
    ? askEntry(read.entry, context)
    : Promise.resolve({ status: statusOf(read.issues), issues: read.issues })

/** https://hl7.org/fhir/R4/http.html#brules: the order of processing, independent of the order of the entries. */
const methodTurns: readonly (readonly string[])[] = [['DELETE'], ['POST'], ['PUT', 'PATCH'], ['GET', 'HEAD']]

/** Returns an entry with the preferences of the whole request. */
const preferring = (entry: BundleEntry, { headers: { prefer } }: Call): BundleEntry =>
  prefer === undefined ? entry : { ...entry, headers: { ...entry.headers, prefer } }

const keyed = (read: EntryRead, call: Call): EntryRead => {
  if (!read.entry) return read
  const { headers, place } = read.entry
  const own = { ...read.entry, headers: withOwnKey(headers, call.headers['idempotency-key'], place) }
  return { ...read, entry: preferring(own, call) }
}

const batch = async (reading: readonly EntryRead[], call: Call, context: Dispatch): Promise<Answer[]> => {
  const entries = refuseCrossReferences(reading).map((read) => keyed(read, call))
  const answers = new Map<EntryRead, Answer>()
  for (const methods of methodTurns) {
    const turn = entries.filter(({ entry }) => methods.includes(entry?.method ?? 'GET'))
    await inParallel(parallelEntries, turn, async (read) => answers.set(read, await askRead(read, context)))
  }
  return entries.flatMap((read) => answers.get(read) ?? [])
}

/**
 * Repeats the changes of a history, singly and in their original order: a version may refer to the result of an older
 * change.
 */
const replay = async (
  body: Body,
  wrong: ReadonlyMap<number, Issue[]>,
  call: Call,
  context: Dispatch,
): Promise<Answer[]> => {
  const { oldestFirst, readChanges } = await import('./replay.ts')
  const entries = readChanges(body, context.base, wrong).map((read) => keyed(read, call))
  const answers: Answer[] = []
  for (const position of oldestFirst(body.resource))
    answers[position] = await askRead(entries[position] as EntryRead, context)
  return answers
}

/** Archives the Bundle as received. Called before the first change, so that no change can be without its Bundle. */
type ArchiveBundle = () => Promise<void>

/** Returns whether an entry invokes an operation by POST; an operation by GET is an ordinary read. */
const invokes = ({ method, path }: BundleEntry): boolean => method === 'POST' && path.includes('$')

/** Returns whether an entry is answered after the commit: a read, or an operation without changes. */
const waits = (entry: BundleEntry): boolean => isReadEntry(entry) || invokes(entry)

/** Returns the issues by which an entry would fail after the commit, when the transaction can no longer fail. */
const waitingIssues = async (entry: BundleEntry, context: Dispatch): Promise<readonly Issue[]> => {
  if (!waits(entry)) return []
  try {
    const { operation } = await context.check(entry)
    if (operation?.changes) failOn([changesOutside(operation.name)])
    return []
  } catch (thrown) {
    return placed(issuesOf(thrown, context.requestId), `${entry.place}.request.url`)
  }
}

const changesOutside = (name: string): Issue =>
  error(
    'invalid',
    `\`$${name}\` changes something by itself, which no transaction could take back. Invoke it alone, or in a batch.`,
  )

const asRead = (entry: BundleEntry): BundleEntry => (invokes(entry) ? { ...entry, method: 'GET' } : entry)

const transaction = async (
  reading: readonly EntryRead[],
  call: Call,
  context: Dispatch,
  archive: ArchiveBundle,
): Promise<Answer[]> => {
  const entries = reading.flatMap(({ entry }) => (entry ? [preferring(entry, call)] : []))
  const unreadable = reading.flatMap(({ issues }) => issues)
  const unanswerable = await inParallel(parallelEntries, entries, (entry) => waitingIssues(entry, context))
  const changes = checkedChanges(entries.map(asRead), context, [...unreadable, ...unanswerable.flat()])
  await archive()
  const results = await transact(changes, context)
  return inParallel(parallelEntries, entries, (entry, i) =>
    waits(entry) ? askEntry(entry, context) : Promise.resolve(answerOf(results[i], entry)),
  )
}

const bundleTypeIssues = (type: unknown): Issue[] =>
  type === 'batch' || type === 'transaction' || type === 'history'
    ? []
    : [
        error(
          'invalid',
          `A posted Bundle must be of type \`batch\`, \`transaction\` or \`history\`, not \`${type}\`.`,
          'Bundle.type',
        ),
      ]

const bundleOf = (call: Call): Body => {
  const body = bodyOf(call.body, 'a Bundle')
  const { resourceType, type } = body.resource
  if (resourceType !== 'Bundle')
    failOn([
      error(
        'invalid',
        `Only a Bundle can be posted here, not a \`${resourceType}\`; post it to \`/${resourceType}\`.`,
      ),
    ])
  failOn(bundleTypeIssues(type))
  return body
}

const answersTo = async (
  body: Body,
  call: Call,
  context: Dispatch,
  archive: ArchiveBundle,
): Promise<Answer[]> => {
  const { type } = body.resource
  const { whole, entries: wrong } = wrapperIssues(body.resource)
  failOn(whole)
  if (type === 'history') return archive().then(() => replay(body, wrong, call, context))
  const reading = readEntries(body, context.base, wrong)
  return type === 'batch'
    ? archive().then(() => batch(reading, call, context))
    : transaction(reading, call, once(call, context), archive)
}

export const bundle: Interaction = async (call, context) => {
  checkQuery(call)
  failOn(accessIssues(context.principal, 'bundle', 'Bundle'))
  const body = bundleOf(call)
  const id = crypto.randomUUID()
  const archive = (): Promise<void> => context.archive.bundle(context.tenant, id, body.text)
  const answers = await answersTo(body, call, context, archive)
  return {
    status: 200,
    text: bundleText({
      id,
      type: body.resource.type === 'transaction' ? 'transaction-response' : 'batch-response',
      timestamp: new Date(context.now()).toISOString(),
      entries: answers.map((answer) => responseEntry(answer, call.prefer, context.base)),
    }),
  }
}
