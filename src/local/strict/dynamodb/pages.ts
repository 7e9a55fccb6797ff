import { wander } from '../chance.ts'
import { itemSize } from './sizes.ts'
import { staleItems } from './stale.ts'
import type { Schema } from './tables.ts'
import {
  capacitiesOf,
  capacityAnswer,
  errorOf,
  listIn,
  okAnswer,
  type WireAnswer,
  type WireCall,
  type WireItem,
  type WireJson,
} from './wire.ts'
import type { StrictContext } from './writes.ts'

/** The most items of a page that is asked for without a limit. */
const withoutLimit = 1_000
const mostPageSteps = 4
/** The bytes at which a page ends at the latest. */
const megabyte = 2 ** 20

/**
 * Performs Query and Scan: a page ends at its limit, at a megabyte or anywhere before, and is not read at a single
 * instant.
 */
export const splitPage = async (context: StrictContext, call: WireCall): Promise<WireAnswer> => {
  const { input, send, operation } = call
  const limits = stepLimits(context, input)
  const answers: WireAnswer[] = []
  let start = input.ExclusiveStartKey
  for (const Limit of limits) {
    if (answers.length > 0) await wander(context.chance, context.isolation().pause)
    const step = {
      ...input,
      ReturnConsumedCapacity: 'INDEXES',
      ...(start !== undefined && { ExclusiveStartKey: start }),
      ...(Limit !== undefined && { Limit }),
    }
    const answer = await send(operation, step)
    if (errorOf(answer) !== undefined) return answer
    answers.push(answer)
    start = answer.json.LastEvaluatedKey
    if (start === undefined) break
  }
  const { schema } = context.tables
  const known = await schema(String(input.TableName), send)
  const whole = assembled(input, answers)
  return known ? shownByRead(context, call, known, withinMegabyte(input, known, whole)) : whole
}

/** Returns the limits of the steps in which a page is read; undefined means as many items as fit. */
const stepLimits = ({ chance, isolation }: StrictContext, input: WireJson): (number | undefined)[] => {
  const { shortPages, splitPages } = isolation()
  const asked = input.Limit as number | undefined
  const short = chance.happens(shortPages)
  const split = chance.happens(splitPages)
  if (!short && !split) return [asked]
  const most = asked ?? withoutLimit
  const total = short ? chance.whole(1, Math.max(1, Math.floor(most * chance.next() ** 2))) : most
  const steps = split
    ? pieces(total, chance.whole(2, mostPageSteps), (low, high) => chance.whole(low, high))
    : [total]
  return short || asked !== undefined ? steps : [...steps, undefined]
}

const pieces = (total: number, count: number, whole: (low: number, high: number) => number): number[] => {
  const cuts = Array.from({ length: count - 1 }, () => whole(0, total)).sort((one, other) => one - other)
  return [...cuts, total].map((cut, at) => cut - (cuts[at - 1] ?? 0)).filter((size) => size > 0)
}

/** Returns a page of several steps, cut at the size at which a page of a single step would have ended. */
const withinMegabyte = (input: WireJson, { key, indexes }: Schema, answer: WireAnswer): WireAnswer => {
  const items = listIn(answer.json.Items) as readonly WireItem[]
  let bytes = 0
  const fitting = items.filter((item) => {
    bytes += itemSize(item)
    return bytes <= megabyte
  })
  const last = fitting.at(-1)
  if (!last || fitting.length === items.length) return answer
  const names = new Set([...key, ...(indexes.get(String(input.IndexName)) ?? [])])
  const LastEvaluatedKey = Object.fromEntries([...names].map((name) => [name, last[name]] as const))
  const { length: Count } = fitting
  return okAnswer({ ...answer.json, Items: fitting, Count, ScannedCount: Count, LastEvaluatedKey })
}

const assembled = (input: WireJson, answers: readonly WireAnswer[]): WireAnswer => {
  const { Items: _, ConsumedCapacity: __, LastEvaluatedKey, ...last } = answers.at(-1)?.json ?? {}
  const sum = (name: string) => answers.reduce((total, { json }) => total + Number(json[name] ?? 0), 0)
  return okAnswer({
    ...last,
    ...(input.Select !== 'COUNT' && { Items: answers.flatMap(({ json }) => listIn(json.Items)) }),
    Count: sum('Count'),
    ScannedCount: sum('ScannedCount'),
    ...(LastEvaluatedKey !== undefined && { LastEvaluatedKey }),
    ...capacityAnswer(input, answers.flatMap(capacitiesOf)),
  })
}

/** Returns the page without the writes that its read does not show yet. */
const shownByRead = (
  context: StrictContext,
  { input }: WireCall,
  schema: Schema,
  answer: WireAnswer,
): WireAnswer => {
  if (input.Select === 'COUNT') return answer
  const items = listIn(answer.json.Items) as readonly WireItem[]
  const shown = staleItems(context, input, schema, items)
  const hidden = items.length - shown.length
  return okAnswer({ ...answer.json, Items: shown, Count: Number(answer.json.Count) - hidden })
}
