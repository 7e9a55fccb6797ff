import { itemSize, readUnits } from '../dynamodb/sizes.ts'
import {
  type Answer,
  type Capacity,
  capacitiesOf,
  capacityAnswer,
  fields,
  type Input,
  type Item,
  records,
} from '../dynamodb/wire.ts'
import type { Meter, Touch } from './meter.ts'
import { type SchemaOf, touchesOf, unknownKey } from './touches.ts'

/** What a call is measured with. */
export interface Metering {
  meter: Meter
  schemaOf: SchemaOf
  /** Returns the answer of a call that is throttled. */
  throttled(): Answer
}

/** Carries out a call and counts what it took; throttles it where a bucket is empty. */
export const metered = async (
  { meter, schemaOf, throttled }: Metering,
  operation: string,
  input: Input,
  perform: (input: Input) => Promise<Answer>,
): Promise<Answer> => {
  const touches = await touchesOf(schemaOf, operation, input)
  const [first] = touches
  if (!first) return perform(input)
  if (meter.admit(touches)) return throttled()
  const answer = await perform({ ...input, ReturnConsumedCapacity: 'INDEXES' })
  const sized =
    operation === 'BatchGetItem' ? await readSizes(meter, schemaOf, touches, input, answer) : touches
  for (const { units, ...total } of totalsOf(capacitiesOf(answer)))
    chargeRest(meter, sized, { ...total, kind: first.kind }, units)
  return withCapacity(operation, input, answer)
}

interface Total {
  table: string
  index?: string
  units: number
}

const totalsOf = (capacities: readonly Capacity[]): Total[] =>
  capacities.flatMap(({ TableName: table, CapacityUnits, Table, GlobalSecondaryIndexes = {} }) => [
    { table, units: Table?.CapacityUnits ?? CapacityUnits ?? 0 },
    ...Object.entries(GlobalSecondaryIndexes).map(([index, { CapacityUnits: units = 0 }]) => ({
      table,
      index,
      units,
    })),
  ])

/** Spreads what a table or an index took beyond the least over the touches whose size the call does not say. */
const chargeRest = (
  meter: Meter,
  touches: readonly Touch[],
  { table, index, kind }: Omit<Touch, 'least'>,
  units: number,
): void => {
  const own = touches.filter((touch) => touch.table === table && touch.index === index)
  const rest = units - own.reduce((sum, { least }) => sum + least, 0)
  if (rest <= 0) return
  const open = own.filter(({ exact }) => !exact)
  const shared: Touch[] =
    open.length > 0
      ? open
      : own.length > 0
        ? own
        : [{ table, ...(index !== undefined && { index }), key: unknownKey, kind, least: 0 }]
  for (const touch of shared) meter.charge(touch, rest / shared.length)
}

/** Charges the reads of a batch by the sizes of what came. */
const readSizes = async (
  meter: Meter,
  schemaOf: SchemaOf,
  touches: readonly Touch[],
  input: Input,
  { json }: Answer,
): Promise<Touch[]> => {
  const left = [...touches]
  const sized: Touch[] = []
  for (const [table, items] of Object.entries(fields(json.Responses))) {
    const consistent = fields(fields(input.RequestItems)[table]).ConsistentRead === true
    const [name = ''] = (await schemaOf(table))?.key ?? []
    for (const item of records(items) as readonly Item[]) {
      const key = String(Object.values(item[name] ?? {})[0] ?? '')
      const at = left.findIndex((touch) => touch.table === table && touch.key === key)
      const [touch] = at < 0 ? [] : left.splice(at, 1)
      if (!touch) continue
      const units = readUnits(itemSize(item), consistent)
      meter.charge(touch, units - touch.least)
      sized.push({ ...touch, least: units, exact: true })
    }
  }
  return [...sized, ...left.map((touch) => ({ ...touch, exact: true }))]
}

/** The operations that answer with the capacity of one table. */
const single = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'Query', 'Scan'])

/** Returns the answer with the capacity that the call asked for, in place of all. */
const withCapacity = (operation: string, input: Input, answer: Answer): Answer => {
  const { ConsumedCapacity: _, ...json } = answer.json
  const { ConsumedCapacity: rows } = capacityAnswer(input, capacitiesOf(answer))
  if (rows === undefined) return { ...answer, json }
  const [row] = rows as readonly Capacity[]
  return { ...answer, json: { ...json, ConsumedCapacity: single.has(operation) ? row : rows } }
}
