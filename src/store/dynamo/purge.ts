import { failure } from '../../outcome/failure.ts'
import { currentKey, type Key, pastSortKey, purgedKey, resourcePartition } from '../keys.ts'
import { inParallel } from '../parallel.ts'
import type { ResourceKey } from '../port.ts'
import { writeAll } from './batch.ts'
import { stagedBy } from './items.ts'
import { getParams, purgeParams } from './params.ts'
import { betweenParams } from './read/query-params.ts'
import { currentItems } from './read/read.ts'
import {
  deleteItem,
  errorName,
  getItem,
  putObject,
  queryItems,
  removeObject,
  type Session,
} from './session.ts'

const purgePageSize = 500

type PastKey = Key & { v: number; s3?: string }

async function* pastKeys(session: Session, key: ResourceKey, below: number): AsyncGenerator<PastKey[]> {
  const pk = resourcePartition(session.tenant, key)
  const range = { from: pastSortKey(0), to: pastSortKey(below), reverse: false, limit: purgePageSize }
  let after: string | undefined
  do {
    const params = betweenParams(session.tables.resources, pk, { ...range, ...(after && { after }) })
    const { Items = [], LastEvaluatedKey } = await queryItems(session, {
      ...params,
      ProjectionExpression: 'pk, sk, v, s3',
    })
    yield (Items as PastKey[]).filter(({ v }) => v < below)
    after = LastEvaluatedKey?.sk
  } while (after !== undefined)
}

/**
 * Removes bodies before their items, so that after an interruption the items are still listed and the next attempt
 * removes them.
 */
const removeVersions = async (session: Session, keys: readonly PastKey[]): Promise<void> => {
  const bodies = keys.flatMap(({ s3 }) => s3 ?? [])
  await inParallel(8, bodies, (body) => removeObject(session, body))
  const table = session.tables.resources
  await writeAll(
    session,
    keys.map(({ pk, sk }) => ({ table, remove: { pk, sk } })),
  )
}

/**
 * Records the purge in the archive, so that a restore does not bring the versions back; called before any version is
 * removed.
 */
const keepNote = (session: Session, { type, id }: ResourceKey, until: string): Promise<void> =>
  putObject(
    session,
    purgedKey(session.tenant, { type, id }, until),
    Buffer.from(JSON.stringify({ type, id, until })),
  )

const purgeConflict = ({ type, id }: ResourceKey) =>
  failure(
    'conflict',
    `\`${type}/${id}\` is being changed. Its past versions are removed; read it before you repeat the purge.`,
  )

const removeDeletion = async (session: Session, key: ResourceKey, w: string): Promise<void> => {
  const place = currentKey(session.tenant, key)
  try {
    await deleteItem(session, purgeParams(session.tables.resources, place, w))
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    const { Item } = await getItem(session, getParams(session.tables.resources, place))
    if (Item) throw purgeConflict(key)
  }
}

/**
 * Removes a resource's past versions for good; with `entirely`, a deleted resource's deletion too. Returns the number of
 * removed versions; fails with `conflict` while the resource is being changed.
 */
export const purge = async (session: Session, key: ResourceKey, entirely: boolean): Promise<number> => {
  const current = (await currentItems(session, [key])).get(currentKey(session.tenant, key).pk)
  if (!current) return 0
  const whole = entirely && current.deleted === true && !stagedBy(current)
  await keepNote(session, key, whole ? new Date(Date.parse(current.t) + 1).toISOString() : current.t)
  let count = 0
  for await (const keys of pastKeys(session, key, whole ? current.v + 1 : current.v)) {
    await removeVersions(session, keys)
    count += keys.filter(({ v }) => v < current.v).length
  }
  if (!whole) return count
  await removeDeletion(session, key, current.w)
  return count + 1
}
