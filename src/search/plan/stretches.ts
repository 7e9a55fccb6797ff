import { lastUpdatedList, typeList } from '../../store/keys.ts'
import type { List } from '../../store/port.ts'
import { type Bounds, type ListStretch, timeScale, windowsOf } from './bounds.ts'
import type { Driver, RangeDriver } from './drivers.ts'

/** Orders of resources without a date sort below this order. */
const dated = '0'

const withDate = (bounds: Bounds): Bounds =>
  bounds.from === undefined && bounds.highFrom === undefined ? { ...bounds, from: dated } : bounds

/** Returns a driver's stretches within the bounds of the date, newest and oldest part apart. */
export const driverStretches = (type: string, driver: Driver, bounds: Bounds | undefined): Stretched => {
  const prefixed = driver.reads.map((read) => ({ ...read, prefix: read.compartment ? `${type}|` : '' }))
  if (!bounds) return { main: prefixed.map(({ list, prefix }) => ({ list, prefix })), sides: [], older: [] }
  const windows = prefixed.map(({ list, prefix, compartment }) =>
    stretched(list, prefix, bounds, compartment),
  )
  return {
    main: windows.flatMap(({ main }) => main),
    sides: windows.flatMap(({ sides }) => sides),
    older: windows.flatMap(({ older }) => older),
  }
}

/** `main` holds all that begin late enough; `sides` the long intervals before; `older` all that begin before. */
export interface Stretched {
  readonly main: readonly ListStretch[]
  readonly sides: readonly ListStretch[]
  readonly older: readonly ListStretch[]
}

const stretched = (list: List, prefix: string, bounds: Bounds, hasSides: boolean): Stretched => {
  const windows = windowsOf(list, prefix, withDate(bounds), timeScale)
  if (hasSides) return { ...windows, older: [] }
  return { main: windows.main.map(withoutHigh), sides: [], older: olderStretch(list, prefix, bounds) }
}

/** Only listings and compartments say where an interval ends. */
const withoutHigh = ({ highFrom: _, ...stretch }: ListStretch): ListStretch => stretch

const olderStretch = (list: List, prefix: string, { from, highFrom }: Bounds): readonly ListStretch[] =>
  from === undefined && highFrom !== undefined ? [{ list, prefix, before: timeScale.before(highFrom) }] : []

/** Returns the type's listing as a driver. */
export const listing = (type: string): Driver => ({
  name: type,
  reads: [{ list: typeList(type), compartment: false }],
})

/** Returns the stretches of the type's listing and its side lists. */
export const listingStretches = (type: string, bounds: Bounds | undefined): Stretched => {
  if (!bounds) return { main: [{ list: typeList(type), prefix: '' }], sides: [], older: [] }
  return stretched(typeList(type), '', bounds, true)
}

/** Returns the list of a type's last changes as a driver, within its bounds. */
export const rangeDriverOfChanges = (type: string, bounds: Bounds = {}): RangeDriver => ({
  name: '_lastUpdated',
  code: '_lastUpdated',
  stretches: windowsOf(lastUpdatedList(type), '', bounds, timeScale).main,
  sides: [],
  rank: 0,
})
