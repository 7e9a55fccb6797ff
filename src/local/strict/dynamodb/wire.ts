/** DynamoDB's requests and answers on the wire: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/ */

/** A value in DynamoDB's JSON, such as `{ S: 'text' }`. */
export type AttributeValue = Readonly<Record<string, unknown>>
export type WireItem = Readonly<Record<string, AttributeValue>>

/** A request's or an answer's JSON. */
export type WireJson = Readonly<Record<string, unknown>>

/** An answer to a call: JSON of a status. */
export interface WireAnswer {
  status: number
  json: WireJson
}

/** Performs an operation in the engine. */
export type SendOperation = (operation: string, input: WireJson) => Promise<WireAnswer>

/** A client's call and the connection to perform it. */
export interface WireCall {
  operation: string
  input: WireJson
  send: SendOperation
}

export const okAnswer = (json: WireJson): WireAnswer => ({ status: 200, json })

const packages: Readonly<Record<string, string>> = {
  ThrottlingException: 'com.amazon.coral.availability',
  ValidationException: 'com.amazon.coral.validate',
  AccessDeniedException: 'com.amazon.coral.service',
  InvalidSignatureException: 'com.amazon.coral.service',
  ExpiredTokenException: 'com.amazon.coral.service',
  InternalServerError: 'com.amazonaws.dynamodb.v20120810',
}

/** Returns an error of DynamoDB by its name. */
export const refusedAnswer = (name: string, message: string, more: WireJson = {}): WireAnswer => ({
  status: name === 'InternalServerError' ? 500 : 400,
  json: { __type: `${packages[name] ?? 'com.amazonaws.dynamodb.v20120810'}#${name}`, message, ...more },
})

/** Returns the name of an answer's error, or undefined for a success. */
export const errorOf = ({ status, json }: WireAnswer): string | undefined =>
  status === 200 ? undefined : String(json.__type).split('#').at(-1)

export const listIn = (value: unknown): readonly WireJson[] => (Array.isArray(value) ? value : [])
export const fields = (value: unknown): WireJson =>
  typeof value === 'object' && value ? (value as WireJson) : {}

const unitNames = ['CapacityUnits', 'ReadCapacityUnits', 'WriteCapacityUnits'] as const

/** Consumed capacity of a table. */
export interface ConsumedCapacity {
  TableName: string
  CapacityUnits?: number
  ReadCapacityUnits?: number
  WriteCapacityUnits?: number
  Table?: Omit<ConsumedCapacity, 'TableName'>
  GlobalSecondaryIndexes?: Readonly<Record<string, Omit<ConsumedCapacity, 'TableName'>>>
}

/** Returns the consumed capacities in an answer, of each table. */
export const capacitiesOf = ({ json }: WireAnswer): ConsumedCapacity[] =>
  [json.ConsumedCapacity ?? []].flat() as ConsumedCapacity[]

type Units = Omit<ConsumedCapacity, 'TableName'>

const sumOfUnits = (one: Units = {}, other: Units = {}): Units =>
  Object.fromEntries(
    unitNames.flatMap((name) => {
      const sum = (one[name] ?? 0) + (other[name] ?? 0)
      return one[name] === undefined && other[name] === undefined ? [] : [[name, sum] as const]
    }),
  )

const indexesOf = (
  one: ConsumedCapacity,
  other: ConsumedCapacity,
): Pick<ConsumedCapacity, 'GlobalSecondaryIndexes'> => {
  const { GlobalSecondaryIndexes: left = {} } = one
  const { GlobalSecondaryIndexes: right = {} } = other
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  if (names.length === 0) return {}
  return {
    GlobalSecondaryIndexes: Object.fromEntries(
      names.map((name) => [name, sumOfUnits(left[name], right[name])]),
    ),
  }
}

/** Returns the summed capacities of several calls, a row for each table. */
export const addedCapacities = (all: readonly ConsumedCapacity[]): ConsumedCapacity[] => {
  const byTable = Map.groupBy(all, ({ TableName }) => TableName)
  return [...byTable.values()].map((rows) =>
    rows.reduce((one, other) => ({
      TableName: one.TableName,
      ...sumOfUnits(one, other),
      ...((one.Table || other.Table) && { Table: sumOfUnits(one.Table, other.Table) }),
      ...indexesOf(one, other),
    })),
  )
}

/** Returns the consumed capacity as part of an answer, in the detail that the request asked for. */
export const capacityAnswer = (input: WireJson, capacities: readonly ConsumedCapacity[]): WireJson => {
  const asked = input.ReturnConsumedCapacity ?? 'NONE'
  if (asked === 'NONE') return {}
  const added = addedCapacities(capacities)
  if (asked === 'INDEXES') return { ConsumedCapacity: added }
  return { ConsumedCapacity: added.map(({ Table: _, GlobalSecondaryIndexes: __, ...total }) => total) }
}
