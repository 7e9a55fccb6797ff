import { currentKey, isBelow, resourcePartition } from '../../keys.ts'
import { decodeBody } from '../../objects/body.ts'
import { inParallel } from '../../parallel.ts'
import type { Range, RangePage, ResourceKey, Version } from '../../port.ts'
import { journalOf } from '../../write-ids.ts'
import { readAll } from '../batch.ts'
import { candidatesOf, type IndexItem } from '../index/items.ts'
import { type ResourceItem, versionOfItem } from '../items.ts'
import { getObject, queryItems, type Session } from '../session.ts'
import { rememberedState } from '../transaction/record.ts'
import { finishNamed, finishOpen, settledItems } from '../transaction/settle.ts'
import { pageParams } from './query-params.ts'

const textOfItem = async (session: Session, { deleted, body, s3 }: ResourceItem): Promise<string> => {
  if (deleted) return ''
  if (body) return decodeBody(body)
  return decodeBody(await getObject(session, s3 ?? ''))
}

/** Turns stored items into versions, in the same order. */
export const versionsOf = (session: Session, items: readonly ResourceItem[]): Promise<Version[]> =>
  inParallel(8, items, async (item) => versionOfItem(item, await textOfItem(session, item)))

/** Reads again until the items are complete: transactions that are being carried out are finished in between. */
export const settledReading = async (
  session: Session,
  read: () => Promise<ResourceItem[]>,
): Promise<ResourceItem[]> => {
  for (;;) {
    const items = await settledItems(session, await read())
    if (items) return items
  }
}

const unknownJournals = (session: Session, keys: readonly { w?: string }[]): string[] => {
  const named = new Set(keys.map(({ w = '' }) => journalOf(w)).filter((txn) => txn !== undefined))
  return [...named].filter((txn) => !rememberedState(session, txn))
}

/** Returns the current items of these resources as readers may see them, by partition. */
export const currentItems = async (
  session: Session,
  keys: readonly (ResourceKey & { w?: string })[],
): Promise<Map<string, ResourceItem>> => {
  const places = keys.map((key) => currentKey(session.tenant, key))
  const read = () => readAll<ResourceItem>(session, session.tables.resources, places)
  const journals = unknownJournals(session, keys)
  const [first] = await Promise.all([read(), finishNamed(session, journals)])
  // A journal that was found to be carried out only now may have been carried out after the items were read.
  const isComplete = journals.length === 0 || first.length === new Set(places.map(({ pk }) => pk)).size
  let ready = isComplete ? first : undefined
  const items = await settledReading(session, async () => {
    const reading = ready ?? (await read())
    ready = undefined
    return reading
  })
  const found = new Map(items.map((item) => [item.pk, item]))
  const isMissing = keys.some(({ w }, at) => w === undefined && !found.has(places[at]?.pk ?? ''))
  if (!isMissing || !(await finishOpen(session))) return found
  const again = await settledReading(session, read)
  return new Map(again.map((item) => [item.pk, item]))
}

/** Returns the current version for each key, in the keys' order. */
export const currentVersions = async (
  session: Session,
  keys: readonly (ResourceKey & { w?: string })[],
): Promise<(Version | undefined)[]> => {
  const items = await currentItems(session, keys)
  const versions = await versionsOf(session, [...items.values()])
  const found = new Map(versions.map((version) => [resourcePartition(session.tenant, version), version]))
  return keys.map((key) => found.get(resourcePartition(session.tenant, key)))
}

/** Returns a page of a shard of a list. Reads are consistent. */
export const readCandidates = async (session: Session, range: Range): Promise<RangePage> => {
  const { tables, tenant } = session
  if (range.from && range.to !== undefined && !isBelow(range.from, range.to)) return { candidates: [] }
  const { Items = [], LastEvaluatedKey } = await queryItems(session, pageParams(tables.search, tenant, range))
  const candidates = (Items as IndexItem[]).flatMap(candidatesOf)
  return LastEvaluatedKey ? { candidates, after: LastEvaluatedKey.sk } : { candidates }
}
