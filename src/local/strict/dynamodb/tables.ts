import {
  type AttributeValue,
  fields,
  listIn,
  type SendOperation,
  type WireItem,
  type WireJson,
} from './wire.ts'

/** The key attributes of a table and of each of its indexes, partition key first. */
export interface Schema {
  key: readonly string[]
  indexes: ReadonlyMap<string, readonly string[]>
}

/** The schemas of the engine's tables, each requested once. */
export interface KnownTables {
  /** Returns a table's schema, or undefined when the table does not exist. */
  schema(table: string, send: SendOperation): Promise<Schema | undefined>
}

export const rememberTables = (): KnownTables => {
  const known = new Map<string, Schema>()
  return {
    schema: async (table, send) => {
      const before = known.get(table)
      if (before) return before
      const { status, json } = await send('DescribeTable', { TableName: table })
      if (status !== 200) return undefined
      const schema = schemaOf(fields(json.Table))
      known.set(table, schema)
      return schema
    },
  }
}

const schemaOf = (table: WireJson): Schema => ({
  key: keyNames(table.KeySchema),
  indexes: new Map(
    listIn(table.GlobalSecondaryIndexes).map((index) => [String(index.IndexName), keyNames(index.KeySchema)]),
  ),
})

const keyNames = (keySchema: unknown): string[] =>
  [...listIn(keySchema)]
    .sort((one, other) => (one.KeyType === 'HASH' ? -1 : other.KeyType === 'HASH' ? 1 : 0))
    .map(({ AttributeName }) => String(AttributeName))

/** Returns a name for an item, unique over all tables. */
export const itemName = (table: string, { key }: Schema, item: WireItem): string =>
  `${table}\n${key.map((name) => keyValueText(item[name])).join('\n')}`

const keyValueText = (value: AttributeValue | undefined): string => JSON.stringify(value ?? null)
