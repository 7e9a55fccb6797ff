/** What R4's search page rules on values and links, case by case: `tests/cases/search-rules.json`. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import { readQuery } from '../../src/search/custom.ts'
import { searchType } from '../../src/search/multi-type.ts'
import { codesFinder } from '../../src/terminology/find-codes.ts'
import cases from '../cases/search-rules.json' with { type: 'json' }
import { type Engines, startEngines } from '../store/engines.ts'
import { allIds, base, type Known, pairsOf, putAll, searchPage } from './hospital.ts'

let engines: Engines
const store = () => engines.openStore('main')

beforeAll(async () => {
  engines = await startEngines()
  await putAll(store(), cases.resources as Known[], '2026-01-01T00:00:00.000Z')
}, 60_000)
afterAll(() => engines?.stop())

const asUrl = (search: string): string => search.replaceAll('+', '%2B')

const found = cases.found as [string, string[]][]

test.each(found)('%s', async (search, ids) => {
  expect((await allIds(store(), asUrl(search))).toSorted()).toEqual(ids)
})

/** Chains that lead over more than these limits allow are followed from match to match. */
test.each(found.filter(([search]) => /\.|_has/.test(search.split('=')[0] ?? '')))(
  '%s, followed from match to match',
  async (search, ids) => {
    expect((await allIds(store(), asUrl(search), { links: 0 })).toSorted()).toEqual(ids)
  },
)

test.each(cases.included as [string, string[]][])('%s', async (search, names) => {
  const { matches, included } = await searchPage(store(), asUrl(search))
  expect(matches).toHaveLength(1)
  expect(included.map(({ type, id }) => `${type}/${id}`).toSorted()).toEqual(names)
})

const refusal = async (search: string, lenient: boolean): Promise<string> => {
  const [type = '', query = ''] = asUrl(search).split('?')
  try {
    const parsed = await readQuery(type, pairsOf(query), { lenient, base }, store())
    await searchType(parsed.query, { reader: store(), findCodes: codesFinder(store(), base) })
    return 'found'
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return thrown.issues.map(({ diagnostics }) => diagnostics).join('\n')
  }
}

describe('refused', () => {
  test.each(cases.refused as [string, string][])('%s, also when lenient', async (search, says) => {
    expect(await refusal(search, false)).toContain(says)
    expect(await refusal(search, true)).toContain(says)
  })

  test.each(cases.alsoStrict as [string, string][])('%s', async (search, says) => {
    expect(await refusal(search, false)).toContain(says)
  })
})
