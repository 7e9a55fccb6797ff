/**
 * A process of its own that writes the items of made-up patients to files as DynamoDB exports tables:
 * every so-many-th patient from one on, until there are enough resources.
 */

import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { createGzip } from 'node:zlib'
import { itemsOf, writtenFor } from './made.ts'

const [directory = '', part = '', parts = '', wanted = '', tenant = ''] = process.argv.slice(2)

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html */
const attribute = (value: unknown): unknown => {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { L: value.map(attribute) }
  throw new Error(`An item holds ${value}.`)
}

const lineOf = (item: object): string => {
  const Item = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attribute(value)]))
  return `${JSON.stringify({ Item })}\n`
}

const openFile = (table: string) => {
  mkdirSync(`${directory}/${table}/data`, { recursive: true })
  const gzip = createGzip({ level: 1 })
  const file = gzip.pipe(createWriteStream(`${directory}/${table}/data/${part}.json.gz`))
  return {
    put: async (items: readonly object[]): Promise<void> => {
      if (!gzip.write(items.map(lineOf).join(''))) await once(gzip, 'drain')
    },
    end: async (): Promise<void> => {
      gzip.end()
      await once(file, 'close')
    },
  }
}

const search = openFile('search-table')
const resources = openFile('resources-table')
const seen = new Set<string>()
let [made, items, patients] = [0, 0, 0]
for (let index = Number(part); made < Number(wanted); index += Number(parts)) {
  for (const written of writtenFor(index)) {
    const [only, ...others] = written.writes
    if (only && others.length === 0 && seen.has(only.id)) continue
    if (only && others.length === 0) seen.add(only.id)
    const rows = itemsOf(tenant, written)
    await search.put(rows.search)
    await resources.put(rows.resources)
    made += written.writes.length
    items += rows.search.length
  }
  patients++
}
await Promise.all([search.end(), resources.end()])
process.stdout.write(JSON.stringify({ resources: made, items, patients }))
