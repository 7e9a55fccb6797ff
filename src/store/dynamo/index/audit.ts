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
  typePartition,
} from '../../keys.ts'
import { listOfPartition, patientLists, scopePrefixes } from '../../list-names.ts'
import { inParallel } from '../../parallel.ts'
import type { AuditPage, AuditScope, Expected, IndexAudit, IndexedEntry, MissingEntry } from '../../port.ts'
import { isAlone, isLost, journalOf } from '../../write-ids.ts'
import { readAll, writeAll } from '../batch.ts'
import { carePutParams, saidParams } from '../params.ts'
import { betweenParams, idsParams } from '../read/query-params.ts'
import { databaseTime, errorName, pause, putItem, query, type Session, scan } from '../session.ts'
import { abort, statesOf } from '../transaction/record.ts'
import { openTransactions } from '../transaction/registry.ts'
import { finishNamed } from '../transaction/settle.ts'
import {
  gathered,
  type IndexItem,
  indexItem,
  type Member,
  markDead,
  membersOf,
  removeItems,
} from './items.ts'
import { waitingVersions } from './superseded.ts'

/** Where a reading over several partitions goes on: in which one, and behind which key. */
type Place = [partition: number, key?: Key]

const placeOf = (after: string | undefined): Place => {
  if (after === undefined) return [0]
  const [partition, key] = decodeCursor(after)
  if (typeof partition === 'number') return key === undefined ? [partition] : [partition, key as Key]
  throw failure('invalid', 'The `cursor` is not one that this server gave. Start without it.', 'cursor')
}

const pageOf = <T>(
  found: readonly T[],
  [at]: Place,
  last: Record<string, unknown> | undefined,
  partitions: number,
): AuditPage<T> => {
  if (last) return { found, after: encodeCursor([at, last as unknown as Key]) }
  return at + 1 < partitions ? { found, after: encodeCursor([at + 1]) } : { found }
}

const keysOfType = async (session: Session, type: string, shard: number, limit: number, key?: Key) => {
  const partition = typePartition(session.tenant, type, shard)
  const params = idsParams(session.tables.resources, partition, limit, key)
  const { Items = [], LastEvaluatedKey: last } = await query(session, params)
  const current = Items.filter(({ sk }) => isCurrent(String(sk)))
  return { found: current.map(({ pk }) => resourceOfPartition(String(pk)).id), last }
}

/** Most types have few resources: all their shards are read at once. */
const idsOfFew = async (session: Session, type: string, limit: number): Promise<string[] | undefined> => {
  const shards = [...Array(shardCounts['by-type']).keys()]
  const few = Math.ceil(limit / shards.length)
  const pages = await Promise.all(shards.map((shard) => keysOfType(session, type, shard, few)))
  return pages.every(({ last }) => last === undefined) ? pages.flatMap(({ found }) => found) : undefined
}

const ids = async (
  session: Session,
  type: string,
  limit: number,
  after?: string,
): Promise<AuditPage<string>> => {
  const all = after === undefined ? await idsOfFew(session, type, limit) : undefined
  if (all) return { found: all }
  const place = placeOf(after)
  const { found, last } = await keysOfType(session, type, place[0], limit, place[1])
  return pageOf(found, place, last, shardCounts['by-type'])
}

const nameOf = ({ pk, sk }: Key): string => `${pk}\n${sk}`

const itemsAt = async (session: Session, keys: readonly Key[]): Promise<Map<string, IndexItem>> => {
  const items = await readAll<IndexItem>(session, session.tables.search, keys)
  return new Map(items.map((item) => [nameOf(item), item]))
}

const same = (a: Member, b: Member): boolean =>
  a.high === b.high && Buffer.compare(Buffer.from(a.facets), Buffer.from(b.facets)) === 0

const faultOf = (
  item: IndexItem | undefined,
  id: string,
  member: Member,
): MissingEntry['kind'] | undefined => {
  const present = item && !item.dead?.has(id) ? membersOf(item).get(id) : undefined
  if (!present) return 'missing'
  return same(present, member) ? undefined : 'wrong'
}

interface Wanted extends IndexedEntry {
  member: Member
}

const wantedBy = ({ tenant }: Session, expected: readonly Expected[]): Wanted[] =>
  expected.flatMap((one) =>
    [...gathered(tenant, [one]).values()].flatMap(({ pk, sk, members }) =>
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

/** Returns the name under which an item speaks of a resource. */
const nameIn = ({ id, as = id }: IndexedEntry): string => as

const keysOf = (listed: readonly IndexedEntry[]): Key[] => listed.map(({ at }) => at)

const missing = async (session: Session, expected: readonly Expected[]): Promise<MissingEntry[]> => {
  const wanted = wantedBy(session, expected)
  const items = await itemsAt(session, keysOf(wanted))
  return wanted.flatMap(({ member, ...one }) => {
    const kind = faultOf(items.get(nameOf(one.at)), nameIn(one), member)
    return kind ? [{ ...one, ...member, kind }] : []
  })
}

const allOf = (session: Session, expected: readonly Expected[]): MissingEntry[] =>
  wantedBy(session, expected).map(({ member, ...one }) => ({ ...one, ...member, kind: 'missing' }))

const mostAttempts = 8

/** Rewrites one item so that it says this too; another's change in between makes it be read again. */
const putAt = async (session: Session, at: Key, listed: readonly MissingEntry[]): Promise<void> => {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const present = (await itemsAt(session, [at])).get(nameOf(at))
    const members = present ? membersOf(present) : new Map<string, Member>()
    for (const one of listed)
      members.set(nameIn(one), { high: one.high, facets: one.facets, since: one.since })
    const living = new Set(listed.map(nameIn))
    const dead = [...(present?.dead ?? [])].filter((id) => !living.has(id))
    const item = { ...indexItem(at, members), ...(dead.length > 0 && { dead: new Set(dead) }) }
    try {
      await putItem(session, carePutParams(session.tables.search, item, present))
      return
    } catch (error) {
      if (errorName(error) !== 'ConditionalCheckFailedException') throw error
      await pause(session, attempt)
    }
  }
  throw new Error(`The index item ${nameOf(at)} is changed all the time.`)
}

/** An item of one resource alone is put as it should be; one that several share is rewritten with care. */
const put = async (session: Session, listed: readonly MissingEntry[]): Promise<void> => {
  const alone = listed.filter(({ w }) => isAlone(w))
  const shared = listed.filter(({ w }) => !isAlone(w))
  const table = session.tables.search
  await writeAll(
    session,
    alone.map((one) => ({
      table,
      put: { ...indexItem(one.at, new Map([[nameIn(one), one]])) },
    })),
  )
  const byItem = [...Map.groupBy(shared, ({ at }) => nameOf(at)).values()]
  await inParallel(32, byItem, (group) => putAt(session, (group[0] as MissingEntry).at, group))
}

/** An item that says nothing any more is listed by an id that nobody has. */
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
    ...insideOf(name),
  }))
}

/** Of what stands inside another resource, that one is listed. */
const insideOf = (name: string) => {
  const container = containerAt(name)
  return container && { ...container, as: name }
}

const entriesOfPatient = async (
  session: Session,
  patient: string,
  limit: number,
  after?: string,
): Promise<AuditPage<IndexedEntry>> => {
  const place = placeOf(after)
  const [at, key] = place
  const lists = patientLists(patient)
  const pk = listPartition(session.tenant, lists[at]?.name ?? '', 0)
  const range = { reverse: false, limit, ...(key && { after: key.sk }) }
  const { Items = [], LastEvaluatedKey } = await query(
    session,
    betweenParams(session.tables.search, pk, range),
  )
  return pageOf((Items as IndexItem[]).flatMap(entriesIn), place, LastEvaluatedKey, lists.length)
}

const entriesOfType = async (
  session: Session,
  type: string,
  limit: number,
  after?: string,
): Promise<AuditPage<IndexedEntry>> => {
  const place = placeOf(after)
  const prefixes = scopePrefixes(session.tenant, type)
  const { Items = [], LastEvaluatedKey } = await scan(
    session,
    saidParams(session.tables.search, type, prefixes, limit, place[1]),
  )
  return pageOf((Items as IndexItem[]).flatMap(entriesIn), place, LastEvaluatedKey, 1)
}

const entries = (
  session: Session,
  scope: AuditScope,
  limit: number,
  after?: string,
): Promise<AuditPage<IndexedEntry>> =>
  'type' in scope
    ? entriesOfType(session, scope.type, limit, after)
    : entriesOfPatient(session, scope.patient, limit, after)

const stillPresent = async (session: Session, listed: readonly IndexedEntry[]): Promise<IndexedEntry[]> => {
  const items = await itemsAt(session, keysOf(listed))
  return listed.filter((said) => {
    const item = items.get(nameOf(said.at))
    const name = nameIn(said)
    return item && entriesIn(item).some((one) => nameIn(one) === name)
  })
}

const remove = async (session: Session, listed: readonly IndexedEntry[]): Promise<void> => {
  const whole = listed.filter(({ w, id }) => isAlone(w) || id === '')
  const shared = Map.groupBy(
    listed.filter((one) => !whole.includes(one)),
    ({ at }) => nameOf(at),
  )
  await removeItems(session, [...new Map(whole.map(({ at }) => [nameOf(at), at])).values()])
  await inParallel(32, [...shared.values()], (group) =>
    markDead(session, (group[0] as IndexedEntry).at, group.map(nameIn)),
  )
}

const decide = async (session: Session, ws: readonly string[]): Promise<ReadonlySet<string>> => {
  const named = new Map([...new Set(ws)].map((w) => [w, journalOf(w)]))
  const txns = [...new Set(named.values())].filter((txn) => txn !== undefined)
  const states = await statesOf(session, txns)
  const lost = [...named].flatMap(([w, txn]) =>
    txn !== undefined && states.get(txn) === 'pending' && isLost(w, databaseTime(session)) ? [txn] : [],
  )
  if (lost.length > 0) {
    // One that is registered no more ended long ago, and its record too.
    const open = new Set((await openTransactions(session)).map(({ txn }) => txn))
    const end = async (txn: string) => states.set(txn, open.has(txn) ? await abort(session, txn) : 'aborted')
    await inParallel(8, [...new Set(lost)], end)
  }
  await finishNamed(session, txns)
  const isOpen = (txn: string | undefined) => txn !== undefined && states.get(txn) === 'pending'
  return new Set([...named].flatMap(([w, txn]) => (isOpen(txn) ? [w] : [])))
}

/** Returns what looks after a tenant's index. */
export const auditOf = (session: Session): IndexAudit => ({
  now: () => databaseTime(session),
  decide: (ws) => decide(session, ws),
  ids: (type, limit, after) => ids(session, type, limit, after),
  allOf: (expected) => allOf(session, expected),
  missing: (expected) => missing(session, expected),
  put: (listed) => put(session, listed),
  entriesOf: (versions) => stillPresent(session, wantedBy(session, versions)),
  entries: (scope, limit, after) => entries(session, scope, limit, after),
  stillPresent: (listed) => stillPresent(session, listed),
  leaving: () => waitingVersions(session),
  remove: (listed) => remove(session, listed),
})
