import { itemSize, readUnits } from '../dynamodb/sizes.ts'
import {
  type ConsumedCapacity,
  capacitiesOf,
  capacityAnswer,
  fields,
  listIn,
  type WireAnswer,
  type WireItem,
  type WireJson,
} from '../dynamodb/wire.ts'
import type { HeatMeter, Touch } from './meter.ts'
import { type SchemaOf, touchesOf, unknownKey } from './touches.ts'

/** The meter and the schemas that a call is measured with. */
export interface Metering {
  meter: HeatMeter
  schemaOf: SchemaOf
  /** Returns the answer of a call that is throttled. */
  throttled(): WireAnswer
}

/** Performs a call and counts its units; throttles it when a bucket is empty. */
export const performMetered = async (
  { meter, schemaOf, throttled }: Metering,
  operation: string,
  input: WireJson,
  perform: (input: WireJson) => Promise<WireAnswer>,
): Promise<WireAnswer> => {
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

interface CapacityTotal {
  table: string
  index?: string
  units: number
}

const totalsOf = (capacities: readonly ConsumedCapacity[]): CapacityTotal[] =>
  capacities.flatMap(({ TableName: table, CapacityUnits, Table, GlobalSecondaryIndexes = {} }) => [
    { table, units: Table?.CapacityUnits ?? CapacityUnits ?? 0 },
    ...Object.entries(GlobalSecondaryIndexes).map(([index, { CapacityUnits: units = 0 }]) => ({
      table,
      index,
      units,
    })),
  ])

/** Spreads the units of a table or index beyond the least over the touches of unknown size. */
const chargeRest = (
  meter: HeatMeter,
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

/** Charges the reads of a batch by the sizes of the returned items. */
const readSizes = async (
  meter: HeatMeter,
  schemaOf: SchemaOf,
  touches: readonly Touch[],
  input: WireJson,
  { json }: WireAnswer,
): Promise<Touch[]> => {
  const left = [...touches]
  const sized: Touch[] = []
  for (const [table, items] of Object.entries(fields(json.Responses))) {
    const consistent = fields(fields(input.RequestItems)[table]).ConsistentRead === true
    const [name = ''] = (await schemaOf(table))?.key ?? []
    for (const item of listIn(items) as readonly WireItem[]) {
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

/** The operations whose answer has the capacity of a single table. */
const singleTableOperations = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'Query', 'Scan'])

/** Returns the answer with the capacity in the detail that the call asked for. */
const withCapacity = (operation: string, input: WireJson, answer: WireAnswer): WireAnswer => {
  const { ConsumedCapacity: _, ...json } = answer.json
  const { ConsumedCapacity: rows } = capacityAnswer(input, capacitiesOf(answer))
  if (rows === undefined) return { ...answer, json }
  const [row] = rows as readonly ConsumedCapacity[]
  return { ...answer, json: { ...json, ConsumedCapacity: singleTableOperations.has(operation) ? row : rows } }
}
