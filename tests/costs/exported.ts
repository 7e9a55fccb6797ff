import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { createGzip } from 'node:zlib'

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

/** Opens a file of items of one table, as DynamoDB exports them. */
export const openFile = (directory: string, name: string) => {
  mkdirSync(`${directory}/data`, { recursive: true })
  const gzip = createGzip({ level: 1 })
  const file = gzip.pipe(createWriteStream(`${directory}/data/${name}.json.gz`))
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
