/** DynamoDB's requests and answers as they travel: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/ */

/** `{ S: 'text' }` and its like. */
export type AttributeValue = Readonly<Record<string, unknown>>
export type Item = Readonly<Record<string, AttributeValue>>

/** A request's or an answer's JSON. */
export type Input = Readonly<Record<string, unknown>>

/** An answer to a call: JSON of a status. */
export interface Answer {
  status: number
  json: Input
}

/** Carries out one operation in the engine. */
export type Send = (operation: string, input: Input) => Promise<Answer>

/** A call of a client, and what an operation needs to carry it out. */
export interface Call {
  operation: string
  input: Input
  send: Send
}

export const ok = (json: Input): Answer => ({ status: 200, json })

const packages: Readonly<Record<string, string>> = {
  ThrottlingException: 'com.amazon.coral.availability',
  ValidationException: 'com.amazon.coral.validate',
  AccessDeniedException: 'com.amazon.coral.service',
  InvalidSignatureException: 'com.amazon.coral.service',
  ExpiredTokenException: 'com.amazon.coral.service',
  InternalServerError: 'com.amazonaws.dynamodb.v20120810',
}

/** Returns an error of DynamoDB by its name. */
export const refused = (name: string, message: string, more: Input = {}): Answer => ({
  status: name === 'InternalServerError' ? 500 : 400,
  json: { __type: `${packages[name] ?? 'com.amazonaws.dynamodb.v20120810'}#${name}`, message, ...more },
})

/** Returns the name of an answer's error, or nothing where it is none. */
export const errorOf = ({ status, json }: Answer): string | undefined =>
  status === 200 ? undefined : String(json.__type).split('#').at(-1)

export const records = (value: unknown): readonly Input[] => (Array.isArray(value) ? value : [])
export const fields = (value: unknown): Input => (typeof value === 'object' && value ? (value as Input) : {})

const unitNames = ['CapacityUnits', 'ReadCapacityUnits', 'WriteCapacityUnits'] as const

/** Consumed capacity of one table. */
export interface Capacity {
  TableName: string
  CapacityUnits?: number
  ReadCapacityUnits?: number
  WriteCapacityUnits?: number
  Table?: Omit<Capacity, 'TableName'>
  GlobalSecondaryIndexes?: Readonly<Record<string, Omit<Capacity, 'TableName'>>>
}

/** Returns the capacities that an answer names, of one table or of several. */
export const capacitiesOf = ({ json }: Answer): Capacity[] =>
  [json.ConsumedCapacity ?? []].flat() as Capacity[]

type Units = Omit<Capacity, 'TableName'>

const sumOf = (one: Units = {}, other: Units = {}): Units =>
  Object.fromEntries(
    unitNames.flatMap((name) => {
      const sum = (one[name] ?? 0) + (other[name] ?? 0)
      return one[name] === undefined && other[name] === undefined ? [] : [[name, sum] as const]
    }),
  )

const indexesOf = (one: Capacity, other: Capacity): Pick<Capacity, 'GlobalSecondaryIndexes'> => {
  const { GlobalSecondaryIndexes: left = {} } = one
  const { GlobalSecondaryIndexes: right = {} } = other
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  if (names.length === 0) return {}
  return {
    GlobalSecondaryIndexes: Object.fromEntries(names.map((name) => [name, sumOf(left[name], right[name])])),
  }
}

/** Returns the capacities of several calls as those of one, a row for each table. */
export const addedCapacities = (all: readonly Capacity[]): Capacity[] => {
  const byTable = Map.groupBy(all, ({ TableName }) => TableName)
  return [...byTable.values()].map((rows) =>
    rows.reduce((one, other) => ({
      TableName: one.TableName,
      ...sumOf(one, other),
      ...((one.Table || other.Table) && { Table: sumOf(one.Table, other.Table) }),
      ...indexesOf(one, other),
    })),
  )
}

/** Returns the part of an answer that tells the consumed capacity, as the request asked for it. */
export const capacityAnswer = (input: Input, capacities: readonly Capacity[]): Input => {
  const asked = input.ReturnConsumedCapacity ?? 'NONE'
  if (asked === 'NONE') return {}
  const added = addedCapacities(capacities)
  if (asked === 'INDEXES') return { ConsumedCapacity: added }
  return { ConsumedCapacity: added.map(({ Table: _, GlobalSecondaryIndexes: __, ...total }) => total) }
}
