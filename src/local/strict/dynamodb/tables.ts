import { type AttributeValue, fields, type Input, type Item, records, type Send } from './wire.ts'

/** The key attributes of a table and of each of its indexes, partition key first. */
export interface Schema {
  key: readonly string[]
  indexes: ReadonlyMap<string, readonly string[]>
}

/** The schemas of the engine's tables, each asked for once. */
export interface Tables {
  /** Returns nothing where there is no such table. */
  schema(table: string, send: Send): Promise<Schema | undefined>
}

export const rememberTables = (): Tables => {
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

const schemaOf = (table: Input): Schema => ({
  key: namesOf(table.KeySchema),
  indexes: new Map(
    records(table.GlobalSecondaryIndexes).map((index) => [String(index.IndexName), namesOf(index.KeySchema)]),
  ),
})

const namesOf = (keySchema: unknown): string[] =>
  [...records(keySchema)]
    .sort((one, other) => (one.KeyType === 'HASH' ? -1 : other.KeyType === 'HASH' ? 1 : 0))
    .map(({ AttributeName }) => String(AttributeName))

/** Returns a name for one item of all tables. */
export const itemName = (table: string, { key }: Schema, item: Item): string =>
  `${table}\n${key.map((name) => valueText(item[name])).join('\n')}`

const valueText = (value: AttributeValue | undefined): string => JSON.stringify(value ?? null)
