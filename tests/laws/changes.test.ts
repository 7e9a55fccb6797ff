import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Known, put, putAll, searchPage } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'

let engines: Engines
const store = () => engines.openStore('main')
const long = '2026-01-01T00:00:00.000Z'
const count = 60

const note = (i: number, text: string, status = 'final'): Known => ({
  resourceType: 'Observation',
  id: `o-${String(i).padStart(3, '0')}`,
  status,
  code: { coding: [{ code: 'note' }] },
  subject: { reference: `Patient/p-${i % 3}` },
  effectiveDateTime: `2020-01-${String(1 + (i % 20)).padStart(2, '0')}`,
  valueString: text,
})

const all = Array.from({ length: count }, (_, i) => i)

beforeAll(async () => {
  engines = await startEngines()
  await putAll(
    store(),
    all.map((i) => note(i, 'first')),
    long,
  )
})

afterAll(() => engines.stop())

const change = async (i: number, next: Known): Promise<void> => {
  const [before] = await store().get([{ type: 'Observation', id: note(i, '').id }])
  await store().commit([put(next, new Date().toISOString(), before)])
}

/** Changes one resource after another until told to stop. */
const changing = (make: (i: number, round: number) => Known) => {
  let going = true
  const done = (async () => {
    for (let round = 0; going; round++) await change((round * 7) % count, make((round * 7) % count, round))
  })()
  return async () => {
    going = false
    await done
  }
}

const readAll = async (url: string): Promise<string[]> => {
  const ids: string[] = []
  let next: string | undefined
  do {
    const page = await searchPage(store(), url, next === undefined ? [] : [['_cursor', next]])
    ids.push(...page.matches.map(({ id }) => id))
    next = page.next
  } while (next !== undefined)
  return ids
}

test.each([
  'Observation?code=note&_count=17',
  'Observation?code=note&status=final,amended&_sort=date&_count=19',
  'Observation?subject=Patient/p-1&_count=5',
])('%s gives every match once while all of them are being changed', async (url) => {
  const stop = changing((i, round) => note(i, `change ${round}`, round % 2 ? 'final' : 'amended'))
  for (let reading = 0; reading < 2; reading++) {
    const ids = await readAll(url)
    expect(ids.toSorted()).toEqual(
      all.filter((i) => !url.includes('p-1') || i % 3 === 1).map((i) => note(i, '').id),
    )
  }
  await stop()
})

test('a transaction is seen whole or not at all while it is written', async () => {
  const pair = (n: number) =>
    [1, 2, 3, 4, 5].map((i) => ({
      ...note(i, `pair ${n}`),
      id: `pair-${i}`,
      code: { coding: [{ code: 'pair' }] },
    }))
  await putAll(store(), pair(0), long)
  let going = true
  const writing = (async () => {
    for (let n = 1; going; n++) {
      const before = await store().get(pair(n).map(({ id }) => ({ type: 'Observation', id })))
      await store().commit(pair(n).map((resource, i) => put(resource, new Date().toISOString(), before[i])))
    }
  })()
  for (let reading = 0; reading < 20; reading++) {
    const { matches } = await searchPage(store(), 'Observation?code=pair')
    const texts = new Set(matches.map(({ text }) => JSON.parse(text).valueString))
    expect(matches).toHaveLength(5)
    expect(texts.size).toBe(1)
  }
  going = false
  await writing
})
