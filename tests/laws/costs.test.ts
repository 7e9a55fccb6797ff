import { afterAll, beforeAll, expect, test } from 'vitest'
import { filledEngines } from '../costs/fill.ts'
import { costOf, isSame } from '../costs/measure.ts'
import { findSubject, searchesAbout } from '../costs/searches.ts'
import type { Engines } from '../store/engines.ts'

/** `npm run costs` measures 10,000 and 1,000,000. A small store has too few patients for a full page of them. */
const [small, large] = [1500, 7500]
const needsMany = /^Patient\?_sort|^Observation\?(code|category)/

let engines: Engines[] = []

beforeAll(async () => {
  const stores = await Promise.all([small, large].map((size) => filledEngines(size)))
  engines = stores.map((store) => store.engines)
})

afterAll(() => Promise.all(engines.map((each) => each.stop())))

const searches = searchesAbout(findSubject())

test('there are twenty searches', () => {
  expect(new Set(searches).size).toBe(20)
})

test.each(searches.filter((url) => !needsMany.test(url)))(
  '%s costs the same in a store five times as large',
  async (url) => {
    const [before, now] = await Promise.all(engines.map(({ openStore }) => costOf(openStore, url)))
    if (!before || !now) throw new Error('There should be two stores.')
    expect(before.matches).toBeGreaterThan(0)
    expect({ ...now, same: isSame(before, now) }).toEqual({ ...now, matches: before.matches, same: true })
  },
)
