import type { OpenStore } from '../../src/store/port.ts'
import { searchPage } from '../search/hospital.ts'

/** What one search came to. */
export interface Cost {
  matches: number
  rounds: number
  readUnits: number
}

/** Returns what the first page of a search costs. */
export const costOf = async (openStore: OpenStore, url: string): Promise<Cost> => {
  const store = openStore('main')
  const { matches } = await searchPage(store, url)
  return { matches: matches.length, rounds: store.meter.rounds, readUnits: store.meter.readUnits }
}

/** Returns whether a cost is within a tenth of another. */
export const isSame = (a: Cost, b: Cost): boolean =>
  a.rounds === b.rounds && Math.abs(a.readUnits - b.readUnits) <= 0.1 * Math.max(a.readUnits, b.readUnits)
