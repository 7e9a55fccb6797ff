/** docs/archive.md#when-the-tables-are-lost — fills empty tables from an archive: `npm run restore -- --from BUCKET`. */
import { parseArgs } from 'node:util'
import { DeleteCommand, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { thisBuild } from '../search/index/build.ts'
import { indexEntriesOf } from '../search/index/entries.ts'
import { openArchive } from '../store/archive/archive.ts'
import { copyArchive } from '../store/archive/copy.ts'
import { restoreTenant } from '../store/archive/restore.ts'
import { connect } from '../store/dynamo/clients.ts'
import type { StorePlace } from '../store/dynamo/open.ts'
import { buildKey } from '../store/keys.ts'
import { Refusal } from './engines/engines.ts'

type RestoreEnvironment = Readonly<Record<string, string | undefined>>

const restoredTenant = 'main'

/**
 * The key of an item that is stored while a restore runs, so that an interrupted restore may begin again on tables that
 * are no longer empty.
 */
const restoringKey = { pk: `${restoredTenant}|restoring`, sk: '#' }

const namedResource = (env: RestoreEnvironment, name: string): string => {
  const value = env[name]
  if (value) return value
  throw new Refusal(`${name} is not set: the stack's outputs tell the names of its tables and of its bucket.`)
}

const storePlaceOf = (env: RestoreEnvironment): StorePlace => ({
  tables: {
    resources: namedResource(env, 'RESOURCES_TABLE'),
    search: namedResource(env, 'SEARCH_TABLE'),
    system: namedResource(env, 'SYSTEM_TABLE'),
  },
  bucket: namedResource(env, 'ARCHIVE_BUCKET'),
  clients: connect(env),
})

const checkEmpty = async ({ clients: { dynamo }, tables }: StorePlace): Promise<void> => {
  const [begun, found] = await Promise.all([
    dynamo.send(new GetCommand({ TableName: tables.system, Key: restoringKey })),
    dynamo.send(new ScanCommand({ TableName: tables.resources, Limit: 1 })),
  ])
  if (!begun.Item && found.Items?.length)
    throw new Refusal(`\`${tables.resources}\` holds resources: a restore fills empty tables only.`)
}

/**
 * Stores the print of this build, by which a build that indexes otherwise, for example with words, knows that a reindex
 * is due.
 */
const noteBuild = async ({ clients: { dynamo }, tables }: StorePlace): Promise<void> => {
  const { print, types } = thisBuild()
  await dynamo.send(
    new PutCommand({ TableName: tables.system, Item: { ...buildKey(restoredTenant, print), types } }),
  )
}

/**
 * Fills the tables that the environment names from the archive in a bucket; returns how many versions there are now. The stream
 * of the new tables archives current versions alone, so another stack's archive is copied into this one's first.
 */
export const restoreFrom = async (bucket: string | undefined, env: RestoreEnvironment): Promise<number> => {
  const place = storePlaceOf(env)
  const { dynamo } = place.clients
  const TableName = place.tables.system
  await checkEmpty(place)
  await dynamo.send(new PutCommand({ TableName, Item: restoringKey }))
  if (bucket !== undefined && bucket !== place.bucket)
    await copyArchive(place.clients.bucket, bucket, place.bucket)
  const archive = openArchive(place)
  const count = await restoreTenant(place, archive, restoredTenant, (resource, t) =>
    indexEntriesOf(resource, t, []),
  )
  await noteBuild(place)
  await dynamo.send(new DeleteCommand({ TableName, Key: restoringKey }))
  return count
}

const restoreFromCommandLine = async (): Promise<void> => {
  const { values } = parseArgs({ options: { from: { type: 'string' } } })
  const count = await restoreFrom(values.from, process.env)
  console.log(`${count} versions are back. \`pilotlight reindex\` registers search parameters of one's own.`)
}

if (import.meta.main) {
  restoreFromCommandLine().catch((error: Error) => {
    console.error(error.message)
    process.exit(1)
  })
}
