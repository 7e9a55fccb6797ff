/** https://hl7.org/fhir/R4/http.html#transaction */

import { objections } from '../auth/authorise.ts'
import { error, type Issue } from '../outcome/failure.ts'
import { failOn, issuesOf, statusOf } from '../outcome/outcome.ts'
import { type Body, bodyOf } from '../write/body.ts'
import { type BundleEntry, type EntryRead, readEntries, wrapperIssues } from '../write/bundle.ts'
import { inParallel } from '../write/parallel.ts'
import { transact } from '../write/transaction.ts'
import { plan, reads } from '../write/wish.ts'
import { type BundleType, bundleText } from './bundle-text.ts'
import type { Answer, Call, Dispatch, Interaction } from './call.ts'
import { answerOf, change } from './change.ts'
import { once, withOwnKey } from './once.ts'
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
    if (typeof patch === 'function') return await change(entry, context)
    const sent = patch ? { ...headers, 'content-type': patch.type } : headers
    return await context.again({ method, path, query, headers: sent, body: patch?.text ?? body?.text ?? '' })
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

const keyed = (read: EntryRead, key: string | undefined): EntryRead =>
  read.entry
    ? { ...read, entry: { ...read.entry, headers: withOwnKey(read.entry.headers, key, read.entry.place) } }
    : read

const batch = async (
  reading: readonly EntryRead[],
  key: string | undefined,
  context: Dispatch,
): Promise<Answer[]> => {
  const entries = reading.map((read) => keyed(read, key))
  const answers = new Map<EntryRead, Answer>()
  for (const methods of turns) {
    const turn = entries.filter(({ entry }) => methods.includes(entry?.method ?? 'GET'))
    await inParallel(turn, width, async (read) => answers.set(read, await askRead(read, context)))
  }
  return entries.flatMap((read) => answers.get(read) ?? [])
}

/** Puts the Bundle, as it came, into the archive: before anything of it is done, so that nothing done can lack it. */
type Archive = () => Promise<void>

const transaction = async (
  reading: readonly EntryRead[],
  context: Dispatch,
  archive: Archive,
): Promise<Answer[]> => {
  const entries = reading.flatMap(({ entry }) => entry ?? [])
  const unreadable = reading.flatMap(({ issues }) => issues)
  const wishes = plan(entries, context, unreadable)
  await archive()
  const results = await transact(wishes, context)
  return inParallel(entries, width, (entry, i) =>
    reads(entry) ? ask(entry, context) : Promise.resolve(answerOf(results[i], entry)),
  )
}

const typeIssues = (type: unknown): Issue[] =>
  type === 'batch' || type === 'transaction'
    ? []
    : [
        error(
          'invalid',
          `A posted Bundle must be of type \`batch\` or \`transaction\`, not \`${type}\`.`,
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

const responseTypes: Readonly<Record<string, BundleType>> = {
  batch: 'batch-response',
  transaction: 'transaction-response',
}

export const bundle: Interaction = async (call, context) => {
  failOn(objections(context.principal, 'bundle', 'Bundle'))
  const body = bundleOf(call)
  const id = crypto.randomUUID()
  const wrong = wrapperIssues(body.resource)
  failOn(wrong.whole)
  const reading = readEntries(body, context.base, wrong.entries)
  const archive = (): Promise<void> => context.archive.bundle(context.tenant, id, body.text)
  const type = String(body.resource.type)
  const answers = await (type === 'batch'
    ? archive().then(() => batch(reading, call.headers['idempotency-key'], context))
    : transaction(reading, once(call, context), archive))
  return {
    status: 200,
    text: bundleText({
      id,
      type: responseTypes[type] ?? 'batch-response',
      timestamp: new Date(context.now()).toISOString(),
      entries: answers.map((answer) => responseEntry(answer, call.prefer, context.base)),
    }),
  }
}
