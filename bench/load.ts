import { callEngine } from '../src/local/engines/aws.ts'
import type { Stack } from '../src/local/stack.ts'
import type { Table } from '../src/local/template/template.ts'
import { type Bundles, entryCount } from './bundles.ts'
import { type Ask, succeed, type Told } from './client.ts'
import type { Section } from './figures.ts'

type Item = Readonly<Record<string, unknown>>

const inParallel = async <T>(
  width: number,
  items: readonly T[],
  run: (item: T) => Promise<unknown>,
): Promise<void> => {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await run(item)
    }),
  )
}

const scan = async (endpoint: string, table: string): Promise<Item[]> => {
  const items: Item[] = []
  let after: unknown
  do {
    const ExclusiveStartKey = after ? { ExclusiveStartKey: after } : {}
    const page = await callEngine<{ Items: Item[]; LastEvaluatedKey?: unknown }>(
      'dynamodb',
      endpoint,
      'Scan',
      {
        TableName: table,
        ...ExclusiveStartKey,
      },
    )
    items.push(...page.Items)
    after = page.LastEvaluatedKey
  } while (after)
  return items
}

const bareName = (name: string): string => `bare-${name}`

const createBare = async (endpoint: string, { create, name }: Table): Promise<void> => {
  await callEngine('dynamodb', endpoint, 'CreateTable', { ...create, TableName: bareName(name) })
}

const batchesOf = (table: string, items: readonly Item[]): object[] =>
  Array.from({ length: Math.ceil(items.length / 25) }, (_, i) => ({
    RequestItems: { [table]: items.slice(i * 25, i * 25 + 25).map((Item) => ({ PutRequest: { Item } })) },
  }))

/** Returns the seconds the engine takes for all items that the server stored, in like tables, with nothing else to do. */
const bareSeconds = async (
  endpoint: string,
  tables: readonly Table[],
): Promise<{ seconds: number; items: number }> => {
  for (const table of tables) await createBare(endpoint, table)
  const stored = await Promise.all(
    tables.map(async ({ name }) => ({ name, items: await scan(endpoint, name) })),
  )
  const batches = stored.flatMap(({ name, items }) => batchesOf(bareName(name), items))
  const began = performance.now()
  await inParallel(4, batches, (batch) => callEngine('dynamodb', endpoint, 'BatchWriteItem', batch))
  const seconds = (performance.now() - began) / 1000
  return { seconds, items: stored.reduce((sum, { items }) => sum + items.length, 0) }
}

/** Loads the bundles, then lets the engine take the same items on its own. */
export const loadSection = async (
  { endpoints, drained }: Stack,
  send: (ask: Ask) => Promise<Told>,
  { source, texts }: Bundles,
  width: number,
  tables: readonly Table[],
): Promise<Section> => {
  const resources = texts.reduce((sum, text) => sum + entryCount(text), 0)
  const began = performance.now()
  await inParallel(width, texts, (body) => succeed(send, { method: 'POST', path: '', body }))
  const seconds = (performance.now() - began) / 1000
  await drained()
  const settled = (performance.now() - began) / 1000
  const bare = await bareSeconds(endpoints.dynamodb, tables)
  const [rate, bareRate] = [resources / seconds, resources / bare.seconds]
  return {
    title: 'Load',
    note: `${texts.length} bundles (${source}), ${resources} resources, ${width} at a time; then the same ${bare.items} items put into like tables of the same engine by BatchWriteItem, four at a time.`,
    columns: ['what', 'seconds', 'resources per second'],
    rows: [
      ['bundles through the server', seconds, rate],
      ['the same, until the archive has them too', settled, resources / settled],
      ['the same items, engine alone', bare.seconds, bareRate],
    ],
    figures: [
      { name: 'load', value: rate, unit: 'resources/s' },
      { name: 'engine alone', value: bareRate, unit: 'resources/s' },
      { name: 'load ÷ engine alone', value: rate / bareRate, unit: '×', aim: { atLeast: 0.6 } },
    ],
  }
}
