import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Resource } from '../../../../src/fhir/definitions.ts'
import type { Stack } from '../../../../src/local/stack.ts'
import { indexEntriesOf } from '../../../../src/search/index/entries.ts'
import { type Clients, connect } from '../../../../src/store/dynamo/clients.ts'
import { type IndexItem, indexItems } from '../../../../src/store/dynamo/index/items.ts'
import { openSession, openStore, type StorePlace } from '../../../../src/store/dynamo/open.ts'
import { abort } from '../../../../src/store/dynamo/transaction/record.ts'
import { openTransactions } from '../../../../src/store/dynamo/transaction/registry.ts'
import { bodyKey, currentKey } from '../../../../src/store/keys.ts'
import type { ResourceKey, Write } from '../../../../src/store/port.ts'
import { newWriteId } from '../../../../src/store/write-ids.ts'
import { failingAt, isRecord } from '../../../store/faults.ts'

export const tenant = 'main'

const tables = { resources: 'resources-table', search: 'search-table', system: 'system-table' }
const key = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }

const placeWith = (clients: Clients): StorePlace => ({ tables, bucket: 'archive-bucket', clients })

/** Returns the stack's tables and bucket past the stand-in: no rights are used. */
export const pastRights = ({ endpoints: { dynamodb, s3 } }: Stack): StorePlace =>
  placeWith(connect({ ...key, AWS_ENDPOINT_URL_DYNAMODB: dynamodb, AWS_ENDPOINT_URL_S3: s3 }))

/** Returns the stack's tables and bucket as a function reaches them, with its rights. */
export const withRightsOf = ({ strict: { endpoints }, keyOf }: Stack, id: string): StorePlace => {
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = keyOf(id) ?? {}
  return placeWith(
    connect({
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
    }),
  )
}

const instant = () => new Date().toISOString()

/** Returns the write of a resource with nothing in it. */
export const bareWrite = ({ type, id }: ResourceKey, before?: Write['before']): Write => ({
  type,
  id,
  before,
  v: (before?.v ?? 0) + 1,
  t: instant(),
  method: 'PUT',
  text: JSON.stringify({ resourceType: type, id }),
  entries: [],
})

const fresh = (type: string, prefix: string): Write[] =>
  Array.from({ length: 100 }, (_, at) => ({ ...bareWrite({ type, id: `${prefix}-${at}` }), fresh: true }))

/** The ids of what a dead writer left: a resource of old, a new one under an id of the client's, and one under its own. */
export interface Left {
  old: string
  named: string
  fresh: string
}

/**
 * Leaves a large transaction as a writer does who dies before its record, which others have ended since, or right behind it.
 */
export const leave = async (place: StorePlace, type: string, end: 'aborted' | 'committed'): Promise<Left> => {
  const [old, named] = [`old-${end}`, `named-${end}`].map((id) => ({ type, id })) as [
    ResourceKey,
    ResourceKey,
  ]
  const store = openStore(place)(tenant)
  await store.commit([bareWrite(old)])
  const [before] = await store.get([old])
  const stop = end === 'aborted' ? { before: isRecord } : { after: isRecord }
  const dying = openStore({ ...place, clients: failingAt(place.clients, stop) })(tenant)
  const writes = [bareWrite(old, before), bareWrite(named), ...fresh(type, `fresh-${end}`)]
  await dying.commit(writes).then(
    () => Promise.reject(new Error('The writer did not die.')),
    () => undefined,
  )
  const session = openSession(place)(tenant)
  if (end === 'aborted') for (const { txn } of await openTransactions(session)) await abort(session, txn)
  return { old: old.id, named: named.id, fresh: `fresh-${end}-0` }
}

const putItem = ({ clients }: StorePlace, Item: IndexItem): Promise<unknown> =>
  clients.dynamo.send(new PutCommand({ TableName: tables.search, Item }))

const placedUnder = (resource: Resource, t: string, w: string) => ({
  id: String(resource.id),
  v: 1,
  w,
  entries: indexEntriesOf(resource, t),
})

/** Puts an entry of a resource that never was, under the write id of many: so a lost writer's transaction leaves it. */
export const putStale = async (place: StorePlace, type: string): Promise<void> => {
  const lost = { resourceType: type, id: 'lost' } as Resource
  const w = newWriteId(false, Date.now() - 30 * 24 * 3600_000)
  for (const item of indexItems(tenant, [placedUnder(lost, instant(), w)])) await putItem(place, item)
}

/** Takes the entries of a stored resource away. */
export const loseEntries = async (place: StorePlace, key: ResourceKey): Promise<number> => {
  const [version] = await openStore(place)(tenant).get([key])
  if (!version) throw new Error(`There is no ${key.type}/${key.id}.`)
  const items = indexItems(tenant, [placedUnder(JSON.parse(version.text), version.t, version.w)])
  for (const { pk, sk } of items)
    await place.clients.dynamo.send(new DeleteCommand({ TableName: tables.search, Key: { pk, sk } }))
  return items.length
}

/** Puts a resource whose body is not in the bucket, as nothing but a fault leaves it. */
export const putWithoutBody = async (place: StorePlace, key: ResourceKey): Promise<void> => {
  const { v, t, method } = bareWrite(key)
  const w = newWriteId(true, Date.now())
  const item = { ...currentKey(tenant, key), v, t, w, method, s3: bodyKey(tenant, key, w) }
  await place.clients.dynamo.send(new PutCommand({ TableName: tables.resources, Item: item }))
}
