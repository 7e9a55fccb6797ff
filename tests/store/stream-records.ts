import { callEngine } from '../../src/local/engines/aws.ts'
import type { StreamRecord } from '../../src/store/archive/stream.ts'
import type { Engines } from './engines.ts'

interface Description {
  StreamDescription: { Shards: { ShardId: string }[] }
}

interface RecordsPage {
  Records: StreamRecord[]
  NextShardIterator?: string
}

/** Returns all records of the stream that concern a tenant, binary values as base64, as Lambda's event has them. */
export const recordsOf = async (engines: Engines, tenant: string): Promise<StreamRecord[]> => {
  const ask = <Result>(operation: string, input: object) =>
    callEngine<Result>('streams', engines.endpoints.dynamodb, operation, input)
  const TableName = engines.tables.resources
  const { Streams } = await ask<{ Streams: { StreamArn: string }[] }>('ListStreams', { TableName })
  const StreamArn = Streams[0]?.StreamArn
  const { StreamDescription } = await ask<Description>('DescribeStream', { StreamArn })
  const found: StreamRecord[] = []
  for (const { ShardId } of StreamDescription.Shards) {
    const start = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }
    let { ShardIterator } = await ask<{ ShardIterator?: string }>('GetShardIterator', start)
    while (ShardIterator) {
      const page: RecordsPage = await ask('GetRecords', { ShardIterator })
      found.push(...page.Records)
      ShardIterator = page.Records.length > 0 ? page.NextShardIterator : undefined
    }
  }
  return found.filter(({ dynamodb }) => {
    const pk = (dynamodb?.NewImage ?? dynamodb?.OldImage)?.pk?.S
    return pk?.startsWith(`${tenant}|`)
  })
}

/** Returns the records with binary values as bytes, as the SDK gives them. */
export const asTheSdkGives = (records: readonly StreamRecord[]): StreamRecord[] =>
  JSON.parse(JSON.stringify(records), (name, value) =>
    name === 'B' && typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value,
  )
