import { containerAt } from '../../../fhir/contained.ts'
import { decodeCursor, encodeCursor } from '../../../fhir/json/cursor.ts'
import { failure } from '../../../outcome/failure.ts'
import {
  entryPlace,
  isCurrent,
  type Key,
  listPartition,
  resourceOfPartition,
  shardCounts,
  textOfKey,
  typePartition,
} from '../../keys.ts'
import { listOfPartition, patientLists, scopePrefixes } from '../../list-names.ts'
import { inParallel } from '../../parallel.ts'
import type { AuditPage, AuditScope, Expected, IndexAudit, IndexedEntry, MissingEntry } from '../../port.ts'
import { isAlone, isLost, journalOf } from '../../write-ids.ts'
import { readAll, writeAll } from '../batch.ts'
import { indexItemPutParams, typeEntriesParams } from '../params.ts'
import { betweenParams, idsParams } from '../read/query-params.ts'
import { backOff, databaseTime, errorName, putItem, queryItems, type Session, scan } from '../session.ts'
import { abort, statesOf } from '../transaction/record.ts'
import { openTransactions } from '../transaction/registry.ts'
import { finishNamed } from '../transaction/settle.ts'
import {
  type EntryMember,
  type IndexItem,
  indexItem,
  itemsByKey,
  markDead,
  membersOfItem,
  removeItems,
} from './items.ts'
import { waitingVersions } from './superseded.ts'

/**
 * The position at which reading continues across several partitions: the partition's number and the last key that was
 * read in it.
 */
type PartitionPosition = [partition: number, key?: Key]

const positionAt = (after: string | undefined): PartitionPosition => {
  if (after === undefined) return [0]
  const [partition, key] = decodeCursor(after)
  if (typeof partition === 'number') return key === undefined ? [partition] : [partition, key as Key]
  throw failure('invalid', 'The `cursor` was not given by this server. Start without it.', 'cursor')
}

const auditPage = <T>(
  found: readonly T[],
  [at]: PartitionPosition,
  last: Record<string, unknown> | undefined,
  partitions: number,
): AuditPage<T> => {
  if (last) return { found, after: encodeCursor([at, last as unknown as Key]) }
  return at + 1 < partitions ? { found, after: encodeCursor([at + 1]) } : { found }
}

const keysOfType = async (session: Session, type: string, shard: number, limit: number, key?: Key) => {
  const partition = typePartition(session.tenant, type, shard)
  const params = idsParams(session.tables.resources, partition, limit, key)
  const { Items = [], LastEvaluatedKey: last } = await queryItems(session, params)
  const current = Items.filter(({ sk }) => isCurrent(String(sk)))
  return { found: current.map(({ pk }) => resourceOfPartition(String(pk)).id), last }
}

/** Reads all shards of a type at once; undefined if that does not read them to the end. Most types have few resources. */
const idsOfFew = async (session: Session, type: string, limit: number): Promise<string[] | undefined> => {
  const shards = [...Array(shardCounts['by-type']).keys()]
  const few = Math.ceil(limit / shards.length)
  const pages = await Promise.all(shards.map((shard) => keysOfType(session, type, shard, few)))
  return pages.every(({ last }) => last === undefined) ? pages.flatMap(({ found }) => found) : undefined
}

const resourceIds = async (
  session: Session,
  type: string,
  limit: number,
  after?: string,
): Promise<AuditPage<string>> => {
  const all = after === undefined ? await idsOfFew(session, type, limit) : undefined
  if (all) return { found: all }
  const place = positionAt(after)
  const { found, last } = await keysOfType(session, type, place[0], limit, place[1])
  return auditPage(found, place, last, shardCounts['by-type'])
}

const indexItemsAt = async (session: Session, keys: readonly Key[]): Promise<Map<string, IndexItem>> => {
  const items = await readAll<IndexItem>(session, session.tables.search, keys)
  return new Map(items.map((item) => [textOfKey(item), item]))
}

const sameMember = (a: EntryMember, b: EntryMember): boolean =>
  a.high === b.high && Buffer.compare(Buffer.from(a.facets), Buffer.from(b.facets)) === 0

const entryFault = (
  item: IndexItem | undefined,
  id: string,
  member: EntryMember,
): MissingEntry['kind'] | undefined => {
  const present = item && !item.dead?.has(id) ? membersOfItem(item).get(id) : undefined
  if (!present) return 'missing'
  return sameMember(present, member) ? undefined : 'wrong'
}

interface ExpectedEntry extends IndexedEntry {
  member: EntryMember
}

const expectedEntries = ({ tenant }: Session, expected: readonly Expected[]): ExpectedEntry[] =>
  expected.flatMap((one) =>
    [...itemsByKey(tenant, [one]).values()].flatMap(({ pk, sk, members }) =>
      [...members].map(([name, member]) => ({
        type: one.type,
        id: one.id,
        w: one.w,
        list: listOfPartition(pk).name,
        order: entryPlace(sk).order,
        ...(name !== one.id && { as: name }),
        at: { pk, sk },
        member,
      })),
    ),
  )

/** Returns the name of a resource, or of a resource contained in it, within an index item. */
const nameInItem = ({ id, as = id }: IndexedEntry): string => as

const entryKeys = (listed: readonly IndexedEntry[]): Key[] => listed.map(({ at }) => at)

const missingEntries = async (session: Session, expected: readonly Expected[]): Promise<MissingEntry[]> => {
  const wanted = expectedEntries(session, expected)
  const items = await indexItemsAt(session, entryKeys(wanted))
  return wanted.flatMap(({ member, ...one }) => {
    const kind = entryFault(items.get(textOfKey(one.at)), nameInItem(one), member)
    return kind ? [{ ...one, ...member, kind }] : []
  })
}

const allOf = (session: Session, expected: readonly Expected[]): MissingEntry[] =>
  expectedEntries(session, expected).map(({ member, ...one }) => ({ ...one, ...member, kind: 'missing' }))

const mostRewrites = 8

/** Rewrites an item with these entries; reads the item again after a concurrent change, and fails after eight attempts. */
const putIntoItem = async (session: Session, at: Key, listed: readonly MissingEntry[]): Promise<void> => {
  for (let attempt = 0; attempt < mostRewrites; attempt++) {
    const present = (await indexItemsAt(session, [at])).get(textOfKey(at))
    const members = present ? membersOfItem(present) : new Map<string, EntryMember>()
    for (const one of listed)
      members.set(nameInItem(one), { high: one.high, facets: one.facets, since: one.since })
    const living = new Set(listed.map(nameInItem))
    const dead = [...(present?.dead ?? [])].filter((id) => !living.has(id))
    const item = { ...indexItem(at, members), ...(dead.length > 0 && { dead: new Set(dead) }) }
    try {
      await putItem(session, indexItemPutParams(session.tables.search, item, present))
      return
    } catch (error) {
      if (errorName(error) !== 'ConditionalCheckFailedException') throw error
      await backOff(session, attempt)
    }
  }
  throw new Error(`The index item ${textOfKey(at)} was changed during each of ${mostRewrites} attempts.`)
}

/**
 * Puts entries into the index. An item of a single resource is overwritten; an item that several resources share is
 * rewritten on condition that the item is unchanged.
 */
const putEntries = async (session: Session, listed: readonly MissingEntry[]): Promise<void> => {
  const alone = listed.filter(({ w }) => isAlone(w))
  const shared = listed.filter(({ w }) => !isAlone(w))
  const table = session.tables.search
  await writeAll(
    session,
    alone.map((one) => ({
      table,
      put: { ...indexItem(one.at, new Map([[nameInItem(one), one]])) },
    })),
  )
  const byItem = [...Map.groupBy(shared, ({ at }) => textOfKey(at)).values()]
  await inParallel(32, byItem, (group) => putIntoItem(session, (group[0] as MissingEntry).at, group))
}

/** Returns an item's entries; an item without living ids has an entry with the id `''`, so that the item is listed too. */
const entriesIn = ({ pk, sk, ids: all, dead }: IndexItem): IndexedEntry[] => {
  const { scope, name: list } = listOfPartition(pk)
  const { order, w } = entryPlace(sk)
  const type = 'type' in scope ? scope.type : order.slice(0, order.indexOf('|'))
  const living = all.filter((id) => !dead?.has(id))
  return (living.length > 0 ? living : ['']).map((name) => ({
    type,
    id: name,
    w,
    list,
    order,
    at: { pk, sk },
    ...containedName(name),
  }))
}

/** Returns the containing resource as the entry's resource when the name is that of a contained resource. */
const containedName = (name: string) => {
  const container = containerAt(name)
  return container && { ...container, as: name }
}

const entriesOfPatient = async (
  session: Session,
  patient: string,
  limit: number,
  after?: string,
): Promise<AuditPage<IndexedEntry>> => {
  const place = positionAt(after)
  const [at, key] = place
  const lists = patientLists(patient)
  const pk = listPartition(session.tenant, lists[at]?.name ?? '', 0)
  const range = { reverse: false, limit, ...(key && { after: key.sk }) }
  const { Items = [], LastEvaluatedKey } = await queryItems(
    session,
    betweenParams(session.tables.search, pk, range),
  )
  return auditPage((Items as IndexItem[]).flatMap(entriesIn), place, LastEvaluatedKey, lists.length)
}

const entriesOfType = async (
  session: Session,
  type: string,
  limit: number,
  after?: string,
): Promise<AuditPage<IndexedEntry>> => {
  const place = positionAt(after)
  const prefixes = scopePrefixes(session.tenant, type)
  const { Items = [], LastEvaluatedKey } = await scan(
    session,
    typeEntriesParams(session.tables.search, type, prefixes, limit, place[1]),
  )
  return auditPage((Items as IndexItem[]).flatMap(entriesIn), place, LastEvaluatedKey, 1)
}

const indexedEntries = (
  session: Session,
  scope: AuditScope,
  limit: number,
  after?: string,
): Promise<AuditPage<IndexedEntry>> =>
  'type' in scope
    ? entriesOfType(session, scope.type, limit, after)
    : entriesOfPatient(session, scope.patient, limit, after)

const stillPresent = async (session: Session, listed: readonly IndexedEntry[]): Promise<IndexedEntry[]> => {
  const items = await indexItemsAt(session, entryKeys(listed))
  return listed.filter((entry) => {
    const item = items.get(textOfKey(entry.at))
    const name = nameInItem(entry)
    return item && entriesIn(item).some((one) => nameInItem(one) === name)
  })
}

const removeIndexed = async (session: Session, listed: readonly IndexedEntry[]): Promise<void> => {
  const whole = listed.filter(({ w, id }) => isAlone(w) || id === '')
  const shared = Map.groupBy(
    listed.filter((one) => !whole.includes(one)),
    ({ at }) => textOfKey(at),
  )
  await removeItems(session, [...new Map(whole.map(({ at }) => [textOfKey(at), at])).values()])
  await inParallel(32, [...shared.values()], (group) =>
    markDead(session, (group[0] as IndexedEntry).at, group.map(nameInItem)),
  )
}

const decideTransactions = async (session: Session, ws: readonly string[]): Promise<ReadonlySet<string>> => {
  const named = new Map([...new Set(ws)].map((w) => [w, journalOf(w)]))
  const txns = [...new Set(named.values())].filter((txn) => txn !== undefined)
  const states = await statesOf(session, txns)
  const lost = [...named].flatMap(([w, txn]) =>
    txn !== undefined && states.get(txn) === 'pending' && isLost(w, databaseTime(session)) ? [txn] : [],
  )
  if (lost.length > 0) {
    // A transaction that is no longer registered ended long ago, and its record may have expired.
    const open = new Set((await openTransactions(session)).map(({ txn }) => txn))
    const end = async (txn: string) => states.set(txn, open.has(txn) ? await abort(session, txn) : 'aborted')
    await inParallel(8, [...new Set(lost)], end)
  }
  await finishNamed(session, txns)
  const isOpen = (txn: string | undefined) => txn !== undefined && states.get(txn) === 'pending'
  return new Set([...named].flatMap(([w, txn]) => (isOpen(txn) ? [w] : [])))
}

/** Returns the audit of a tenant's index. */
export const auditOf = (session: Session): IndexAudit => ({
  now: () => databaseTime(session),
  decide: (ws) => decideTransactions(session, ws),
  ids: (type, limit, after) => resourceIds(session, type, limit, after),
  allOf: (expected) => allOf(session, expected),
  missing: (expected) => missingEntries(session, expected),
  put: (listed) => putEntries(session, listed),
  entriesOf: (versions) => stillPresent(session, expectedEntries(session, versions)),
  entries: (scope, limit, after) => indexedEntries(session, scope, limit, after),
  stillPresent: (listed) => stillPresent(session, listed),
  leaving: () => waitingVersions(session),
  remove: (listed) => removeIndexed(session, listed),
})
