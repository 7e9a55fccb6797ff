/** https://hl7.org/fhir/R4/http.html#transaction */

import { accessIssues } from '../../auth/authorise.ts'
import { bundleText } from '../../fhir/bundle.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import { failOn, issuesOf, placed, statusOf } from '../../outcome/outcome.ts'
import { type Body, bodyOf } from '../../request/body.ts'
import type { Answer, Call, Dispatch, Interaction } from '../../request/call.ts'
import { inParallel } from '../../store/parallel.ts'
import { checkEntries } from '../../write/request/change.ts'
import {
  type BundleEntry,
  type EntryRead,
  readEntries,
  reads,
  wrapperIssues,
} from '../../write/request/entries.ts'

import { transact } from '../../write/transaction.ts'
import { answerOf, change } from '../change.ts'
import { once, withOwnKey } from '../idempotency.ts'
import { checkQuery } from '../result-parameters.ts'
import { refuseCrossReferences } from './cross-references.ts'
import { responseEntry } from './response-entry.ts'

const width = 8

const failed = (thrown: unknown, context: Dispatch): Answer => {
  const issues = issuesOf(thrown, context.requestId)
  if (issues.some(({ kind }) => kind === 'fault')) context.report(thrown)
  return { status: statusOf(issues), issues }
}

/** An entry goes through the same routes as a request from outside. */
const ask = async (entry: BundleEntry, context: Dispatch): Promise<Answer> => {
  const { method, path, query, headers, body, patch } = entry
  try {
    if (patch && 'meta' in patch) return await change(entry, context)
    const sent = patch ? { ...headers, 'content-type': patch.type } : headers
    const text = patch?.text ?? body?.text ?? ''
    const answer = await context.again({ method, path, query, headers: sent, body: text })
    return method === 'HEAD' ? { ...answer, bare: true } : answer
  } catch (thrown) {
    return failed(thrown, context)
  }
}

const askRead = (read: EntryRead, context: Dispatch): Promise<Answer> =>
  read.entry
    ? ask(read.entry, context)
    : Promise.resolve({ status: statusOf(read.issues), issues: read.issues })

/** https://hl7.org/fhir/R4/http.html#brules: the order in which entries are processed, wherever they stand. */
const turns: readonly (readonly string[])[] = [['DELETE'], ['POST'], ['PUT', 'PATCH'], ['GET', 'HEAD']]

/** What the whole request prefers, each of its entries does. */
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
  for (const methods of turns) {
    const turn = entries.filter(({ entry }) => methods.includes(entry?.method ?? 'GET'))
    await inParallel(width, turn, async (read) => answers.set(read, await askRead(read, context)))
  }
  return entries.flatMap((read) => answers.get(read) ?? [])
}

/** One after the other, as it came about: a version may refer to what an older one made. */
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

/** Puts the Bundle, as it came, into the archive: before anything of it is done, so that nothing done can lack it. */
type Archive = () => Promise<void>

/** An operation by POST; by GET it is a read like any other. */
const invokes = ({ method, path }: BundleEntry): boolean => method === 'POST' && path.includes('$')

/** Reads, and operations that change nothing, have their turn after the commit. */
const waits = (entry: BundleEntry): boolean => reads(entry) || invokes(entry)

/** What waits can no longer fail the transaction: what can be known to fail must fail before. */
const waitingIssues = async (entry: BundleEntry, context: Dispatch): Promise<readonly Issue[]> => {
  if (!waits(entry)) return []
  try {
    const { operation } = await context.check(entry)
    if (operation?.changes) failOn([ownWay(operation.name)])
    return []
  } catch (thrown) {
    return placed(issuesOf(thrown, context.requestId), `${entry.place}.request.url`)
  }
}

const ownWay = (name: string): Issue =>
  error(
    'invalid',
    `\`$${name}\` changes something by itself, which no transaction could take back. Invoke it alone, or in a batch.`,
  )

const asRead = (entry: BundleEntry): BundleEntry => (invokes(entry) ? { ...entry, method: 'GET' } : entry)

const transaction = async (
  reading: readonly EntryRead[],
  call: Call,
  context: Dispatch,
  archive: Archive,
): Promise<Answer[]> => {
  const entries = reading.flatMap(({ entry }) => (entry ? [preferring(entry, call)] : []))
  const unreadable = reading.flatMap(({ issues }) => issues)
  const unanswerable = await inParallel(width, entries, (entry) => waitingIssues(entry, context))
  const changes = checkEntries(entries.map(asRead), context, [...unreadable, ...unanswerable.flat()])
  await archive()
  const results = await transact(changes, context)
  return inParallel(width, entries, (entry, i) =>
    waits(entry) ? ask(entry, context) : Promise.resolve(answerOf(results[i], entry)),
  )
}

const typeIssues = (type: unknown): Issue[] =>
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
  failOn(typeIssues(type))
  return body
}

const answersTo = async (body: Body, call: Call, context: Dispatch, archive: Archive): Promise<Answer[]> => {
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
