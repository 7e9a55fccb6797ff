import type { Resource } from '../../fhir/definitions.ts'
import type { Candidate, Entry } from '../../store/port.ts'
import { customEntries, valueEntries, wordEntries } from '../index/entries.ts'
import { hasFacet } from '../index/facets.ts'
import { orderPositionOf } from '../index/order.ts'
import type { ListStretch } from '../plan/bounds.ts'
import type { Driver, RangeDriver } from '../plan/drivers.ts'
import type { SearchPlan } from '../plan/plan.ts'
import { driverStretches, listing, listingStretches, type Stretched } from '../plan/stretches.ts'
import type { Scope } from '../scope.ts'
import { concatGroups, type Groups, intersectGroups, type ListScan, readStretches } from './streams.ts'

/** The candidates of a search in an order, in which each resource has a single place. */
export interface Drive {
  /** `type`, or `own:code` for the order of a parameter's values. */
  readonly by: string
  readonly name: string
  readonly reverse: boolean
  readonly groups: Groups
  readonly scan: ListScan
  /** Returns the order at which a resource counts; its other entries are duplicates or out of date. */
  readonly orderOf: (resource: Resource, t: string) => string | undefined
}

const newScan = (scope: Scope, plan: SearchPlan, reverse: boolean, pageItems: number): ListScan => ({
  store: scope.store,
  reverse,
  inner: plan.inner,
  pageItems,
  keep: (candidate) => isWithin(plan, candidate) && hasAllFacets(plan, candidate),
  budget: scope.limits.entries,
  use: scope.use,
})

const isWithin = ({ within }: SearchPlan, { id }: Candidate): boolean =>
  within === undefined || id.startsWith(`#${within}/`)

const hasAllFacets = ({ facets }: SearchPlan, candidate: Candidate): boolean => {
  const packed = candidate.facets
  return packed === undefined || facets.every((wanted) => hasFacet(packed, wanted))
}

const noGroups: Groups = {
  next: async () => undefined,
  prime: async () => {},
  left: () => 0,
}

const stretchGroups = (scan: ListScan, stretches: readonly ListStretch[]): Groups =>
  stretches.length === 0 ? noGroups : readStretches(scan, stretches)

/** Returns the newer groups before or after the older groups, which are read only when reached. */
const inDirection = (scan: ListScan, older: readonly Groups[], newer: Groups): Groups => {
  if (older.length === 0) return newer
  const old = older.length === 1 && older[0] ? older[0] : undefined
  const before = old ?? concatGroups(older)
  return concatGroups(scan.reverse ? [newer, before] : [before, newer])
}

/** Returns the candidates that are in every driver's lists, in the type's order. */
export const driveByType = (
  scope: Scope,
  plan: SearchPlan,
  drivers: readonly Driver[],
  reverse: boolean,
  pageItems: number,
): Drive => {
  const scan = newScan(scope, plan, reverse, pageItems)
  const parts = drivers.map((driver) => driverStretches(plan.type, driver, plan.bounds))
  const groups = drivers.length === 0 ? listingGroups(scan, plan) : intersectedGroups(scan, plan, parts)
  const names = drivers.length === 0 ? [listing(plan.type).name] : drivers.map(({ name }) => name)
  return {
    by: 'type',
    name: names.join(' and '),
    reverse,
    scan,
    groups,
    orderOf: (resource, t) => orderPositionOf(resource, t).order,
  }
}

const listingGroups = (scan: ListScan, plan: SearchPlan): Groups => {
  const { main, sides } = listingStretches(plan.type, plan.bounds)
  return inDirection(scan, sides.length > 0 ? [readStretches(scan, sides)] : [], stretchGroups(scan, main))
}

/**
 * Returns the groups that are in the lists of all drivers. Before the main stretches only long intervals count: a list
 * without side lists is intersected with the listing's.
 */
const intersectedGroups = (scan: ListScan, plan: SearchPlan, parts: readonly Stretched[]): Groups => {
  const newer = intersectGroups(
    scan,
    parts.map(({ main }) => stretchGroups(scan, main)),
  )
  const hasOlder = parts.some(({ sides, older }) => sides.length + older.length > 0)
  if (!hasOlder) return newer
  const beyond = parts.map(({ sides, older }) => stretchGroups(scan, [...sides, ...older]))
  const long = parts.some(({ older }) => older.length > 0) ? [longIntervals(scan, plan)] : []
  return inDirection(scan, [intersectGroups(scan, [...beyond, ...long])], newer)
}

const longIntervals = (scan: ListScan, plan: SearchPlan): Groups =>
  stretchGroups(scan, listingStretches(plan.type, plan.bounds).sides)

/** Returns the candidates of a parameter's range, in the order of its values. */
export const driveByRange = (
  scope: Scope,
  plan: SearchPlan,
  driver: RangeDriver,
  reverse: boolean,
  pageItems: number,
): Drive => {
  const scan = newScan(scope, plan, reverse, pageItems)
  const sides = driver.sides.length > 0 ? [readStretches(scan, driver.sides)] : []
  const stretches = [...driver.stretches, ...driver.sides]
  return {
    by: `own:${driver.code}`,
    name: driver.name,
    reverse,
    scan,
    groups: inDirection(scan, sides, stretchGroups(scan, driver.stretches)),
    orderOf: (resource, t) => lowestOrder(entriesBy(driver, resource, t), stretches),
  }
}

const entriesBy = ({ own, words }: RangeDriver, resource: Resource, t: string): readonly Entry[] => {
  if (words) return wordEntries(resource, t)
  return own ? customEntries([own], resource, t) : valueEntries(resource, t)
}

/**
 * Returns the lowest order within the stretches: a resource with several values in the range counts at the first, in
 * either direction.
 */
const lowestOrder = (entries: readonly Entry[], stretches: readonly ListStretch[]): string | undefined =>
  entries
    .filter((entry) => stretches.some((stretch) => isInStretch(entry, stretch)))
    .map(({ order }) => order)
    .sort()[0]

const isInStretch = (
  { list, order, high }: Entry,
  { list: { name }, from, before, highFrom }: ListStretch,
): boolean =>
  list.name === name &&
  (from === undefined || order >= from) &&
  (before === undefined || order < before) &&
  (highFrom === undefined || (high ?? order) >= highFrom)
