import type { RangeDriver } from '../plan/drivers.ts'
import type { SearchPlan } from '../plan/plan.ts'
import { rangeDriverOfChanges } from '../plan/stretches.ts'
import type { Scope } from '../scope.ts'
import { type Drive, driveByRange, driveByType } from './drive.ts'
import { idsIn, onlyIds } from './streams.ts'

/** The way of a search: the candidates to read, and whether their order is the answer's. */
export interface SearchWay {
  readonly drive: Drive
  /** All candidates are gathered and sorted here. */
  readonly gather: boolean
}

/** Returns the most index items on a first page for a number of results. */
const itemsFor = ({ limits: { items } }: Scope, count: number): number =>
  Math.min(Math.max(count * 4, items[0]), items[1])

/**
 * Returns the way to read the candidates: the patient's compartment for a search of a patient; else a list that proves
 * short; else all equality lists at once; else a range; else the type's listing. A page that continues from a cursor
 * keeps the order of the page before.
 */
export const chooseWay = async (
  scope: Scope,
  plan: SearchPlan,
  count: number,
  { by, back = false }: { by?: string | undefined; back?: boolean | undefined } = {},
): Promise<SearchWay> => {
  const items = itemsFor(scope, count)
  const gather = plan.sort.by === 'keys' || (plan.sort.by === 'changed' && hasDrivers(plan))
  const reverse = plan.sort.descending !== back
  if (plan.sort.by === 'changed' && (by === 'own:_lastUpdated' || isAboutChanges(plan)))
    return { drive: driveByChanges(scope, plan, reverse, items), gather: false }
  const range = plan.ranges.find(({ code }) => by === `own:${code}`)
  if (range) return { drive: driveByRange(scope, plan, range, back, items), gather: false }
  if (plan.patient) return { drive: driveByType(scope, plan, [plan.patient], reverse, items), gather }
  if (!hasDrivers(plan))
    return { drive: driveByType(scope, plan, [], reverse, items), gather: plan.sort.by === 'keys' }
  const found = await probe(scope, plan, reverse, items)
  if (found) return { drive: found, gather: gather || found.by !== 'type' }
  return longWay(scope, plan, items, gather, by, back)
}

const hasDrivers = (plan: SearchPlan): boolean =>
  plan.equal.length + plan.ranges.length > 0 || plan.patient !== undefined

/** Returns whether a search has no driver but the last change. */
const isAboutChanges = ({ patient, equal, ranges }: SearchPlan): boolean =>
  !patient && equal.length === 0 && ranges.every(({ code }) => code === '_lastUpdated')

const driveByChanges = (scope: Scope, plan: SearchPlan, reverse: boolean, items: number): Drive =>
  driveByRange(scope, plan, rangeDriverOfChanges(plan.type, plan.changes), reverse, items)

/** Returns a way without sorting, for more candidates than may be sorted; undefined if no list has the order. */
export const wayInOrder = (scope: Scope, plan: SearchPlan, count: number): SearchWay | undefined =>
  plan.sort.by === 'changed'
    ? { drive: driveByChanges(scope, plan, plan.sort.descending, itemsFor(scope, count)), gather: false }
    : undefined

/** The rank of a text of at least three letters; a closed range ranks lower. */
const narrowRank = 4

/**
 * Returns the most items on a driver's first page: several texts are read further, because together they leave few
 * candidates; a text beside any other driver is read only briefly.
 */
const driverItems = (
  { limits }: Scope,
  { equal, ranges }: SearchPlan,
  { rank }: RangeDriver,
  items: number,
): number => {
  if (rank < narrowRank || equal.length + ranges.length === 1) return items
  const [least, most] = limits.items
  const texts = ranges.filter((range) => range.rank >= narrowRank)
  return texts.length > 1 ? Math.min(Math.max(items, least * 4), most) : least
}

/**
 * Reads the first pages of all drivers at once; returns the shortest that ended, if short enough, reduced to the ids that
 * the other ended drivers share.
 */
const probe = async (
  scope: Scope,
  plan: SearchPlan,
  reverse: boolean,
  items: number,
): Promise<Drive | undefined> => {
  if (plan.equal.length + plan.ranges.length === 1 && plan.equal.length === 1) return undefined
  const drives = [
    ...plan.equal.map((driver) => driveByType(scope, plan, [driver], reverse, items)),
    ...plan.ranges.map((driver) =>
      driveByRange(scope, plan, driver, false, driverItems(scope, plan, driver, items)),
    ),
  ]
  await Promise.all(drives.map((drive) => drive.groups.prime()))
  const ended = drives.filter((drive) => driveLength(drive) <= driveLimit(scope, drive))
  const [shortest, ...others] = ended.toSorted((a, b) => driveLength(a) - driveLength(b))
  return shortest && narrowed(shortest, others)
}

const driveLength = ({ groups }: Drive): number => groups.left() ?? Number.POSITIVE_INFINITY
const driveLimit = ({ limits }: Scope, { by }: Drive): number =>
  by === 'type' ? limits.short : limits.gathered

/**
 * Returns the drive reduced to the ids of the other drives: every match is in every list, and these lists have been read
 * to the end.
 */
const narrowed = async (drive: Drive, others: readonly Drive[]): Promise<Drive> => {
  if (others.length === 0) return drive
  const sets = await Promise.all(others.map(({ groups }) => idsIn(groups)))
  const keep = (id: string): boolean => sets.every((ids) => ids.has(id))
  return {
    ...drive,
    name: [drive, ...others].map(({ name }) => name).join(' and '),
    groups: onlyIds(drive.groups, keep),
  }
}

const longWay = (
  scope: Scope,
  plan: SearchPlan,
  items: number,
  gather: boolean,
  by: string | undefined,
  back: boolean,
): SearchWay => {
  const { equal, ranges, sort } = plan
  const [range] = ranges
  const anyOrder = sort.free && by === undefined
  if (range && (equal.length === 0 || range.rank >= narrowRank) && (anyOrder || gather))
    return { drive: driveByRange(scope, plan, range, back, items), gather }
  return { drive: driveByType(scope, plan, equal, sort.descending !== back, items), gather }
}
