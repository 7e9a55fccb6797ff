import { afterAll, beforeAll, expect, test } from 'vitest'
import { put } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const once = { print: 'p', result: '[["created","Basic","x",1]]' }

test('what was noted counts from the commit on, also where the writer dies right after it', async () => {
  const store = engines.openStore('main')
  const hold = await store.lock(['n'])
  await store.keepResult('n', hold, once)
  expect(await engines.openStore('main').keptResult('n')).toBeUndefined()
  await store.commit([put({ type: 'Basic', id: 'x', code: 'c' })], hold)
  expect(await engines.openStore('main').keptResult('n')).toEqual(once)
})

test('what was noted and never committed counts for nothing', async () => {
  const store = engines.openStore('main')
  const hold = await store.lock(['m'])
  await store.keepResult('m', hold, once)
  await store.release(hold)
  expect(await engines.openStore('main').keptResult('m')).toBeUndefined()
})

test('a result that no item can hold is kept all the same', async () => {
  const store = engines.openStore('main')
  const hold = await store.lock(['l'])
  const result = Array.from({ length: 20_000 }, () => crypto.randomUUID()).join()
  await store.keepResult('l', hold, { print: 'p', result })
  await store.commit([put({ type: 'Basic', id: 'l', code: 'c' })], hold)
  expect((await engines.openStore('main').keptResult('l'))?.result).toBe(result)
})
