/** A single change, carried out as a transaction: https://hl7.org/fhir/R4/http.html#create, #update and #delete */

import { notFound } from '../outcome/messages.ts'
import { type Answer, issuesAnswer } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import type { ChangeResult, Effect } from '../write/command.ts'
import { checkedChanges } from '../write/request/change.ts'
import type { BundleEntry } from '../write/request/entries.ts'
import { transact } from '../write/transaction.ts'

const effectStatus: Readonly<Record<Effect, number>> = {
  created: 201,
  updated: 200,
  unchanged: 200,
  deleted: 204,
  absent: 204,
}

/** Returns the answer to a change, whether the change was made or found to be made already. */
export const answerOf = (result: ChangeResult, entry: Pick<BundleEntry, 'method' | 'path'>): Answer => {
  if (!result)
    return entry.method === 'DELETE' ? { status: 204 } : issuesAnswer(404, [notFound(entry.path, '?')])
  if ('found' in result) return { status: 200, version: result.found, written: true }
  const { effect, version, issues } = result.done
  if (!version) return { status: effectStatus[effect] }
  return { status: effectStatus[effect], version, written: true, ...(issues && { warnings: issues }) }
}

/** Makes a change and returns its answer. */
export const applyChange = async (entry: BundleEntry, context: Context): Promise<Answer> => {
  const [result] = await transact(checkedChanges([entry], context), context)
  return answerOf(result, entry)
}
