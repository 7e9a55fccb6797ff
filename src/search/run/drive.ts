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
import { concat, type Groups, intersect, readStretches, type Scan } from './streams.ts'

/** The candidates of a search in one order, and each resource's one place in it. */
export interface Drive {
  /** `type`, or `own:code` for the order of a parameter's values. */
  readonly by: string
  readonly name: string
  readonly reverse: boolean
  readonly groups: Groups
  readonly scan: Scan
  /** Returns the order at which a resource stands; elsewhere it is a duplicate or out of date. */
  readonly orderOf: (resource: Resource, t: string) => string | undefined
}

const newScan = (scope: Scope, plan: SearchPlan, reverse: boolean, pageItems: number): Scan => ({
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

const none: Groups = {
  next: async () => undefined,
  prime: async () => {},
  left: () => 0,
}

const readAll = (scan: Scan, stretches: readonly ListStretch[]): Groups =>
  stretches.length === 0 ? none : readStretches(scan, stretches)

/** The newest part first or last; the older one is read only where the reading gets there. */
const inDirection = (scan: Scan, older: readonly Groups[], newer: Groups): Groups => {
  if (older.length === 0) return newer
  const old = older.length === 1 && older[0] ? older[0] : undefined
  const before = old ?? concat(older)
  return concat(scan.reverse ? [newer, before] : [before, newer])
}

/** Returns the candidates that stand in every driver's lists, in the order of the type. */
export const driveByType = (
  scope: Scope,
  plan: SearchPlan,
  drivers: readonly Driver[],
  reverse: boolean,
  pageItems: number,
): Drive => {
  const scan = newScan(scope, plan, reverse, pageItems)
  const parts = drivers.map((driver) => driverStretches(plan.type, driver, plan.bounds))
  const groups = drivers.length === 0 ? listed(scan, plan) : combined(scan, plan, parts)
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

const listed = (scan: Scan, plan: SearchPlan): Groups => {
  const { main, sides } = listingStretches(plan.type, plan.bounds)
  return inDirection(scan, sides.length > 0 ? [readStretches(scan, sides)] : [], readAll(scan, main))
}

/** Before the main stretches only long intervals count: a list without side lists is held against the listing's. */
const combined = (scan: Scan, plan: SearchPlan, parts: readonly Stretched[]): Groups => {
  const newer = intersect(
    scan,
    parts.map(({ main }) => readAll(scan, main)),
  )
  const hasOlder = parts.some(({ sides, older }) => sides.length + older.length > 0)
  if (!hasOlder) return newer
  const beyond = parts.map(({ sides, older }) => readAll(scan, [...sides, ...older]))
  const long = parts.some(({ older }) => older.length > 0) ? [longIntervals(scan, plan)] : []
  return inDirection(scan, [intersect(scan, [...beyond, ...long])], newer)
}

const longIntervals = (scan: Scan, plan: SearchPlan): Groups =>
  readAll(scan, listingStretches(plan.type, plan.bounds).sides)

/** Returns the candidates of one parameter's range, in the order of its values. */
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
    groups: inDirection(scan, sides, readAll(scan, driver.stretches)),
    orderOf: (resource, t) => lowestOrder(entriesBy(driver, resource, t), stretches),
  }
}

const entriesBy = ({ own, words }: RangeDriver, resource: Resource, t: string): readonly Entry[] => {
  if (words) return wordEntries(resource, t)
  return own ? customEntries([own], resource, t) : valueEntries(resource, t)
}

/** A resource with several values in the range counts at the first of them, whichever way it is read. */
const lowestOrder = (entries: readonly Entry[], stretches: readonly ListStretch[]): string | undefined =>
  entries
    .filter((entry) => stretches.some((stretch) => isOn(entry, stretch)))
    .map(({ order }) => order)
    .sort()[0]

const isOn = (
  { list, order, high }: Entry,
  { list: { name }, from, before, highFrom }: ListStretch,
): boolean =>
  list.name === name &&
  (from === undefined || order >= from) &&
  (before === undefined || order < before) &&
  (highFrom === undefined || (high ?? order) >= highFrom)
