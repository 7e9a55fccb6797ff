import { setImmediate as settled } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collect, type Page, type ReadPage } from '../../client/web/src/fhir/collection.ts'

interface Asked {
  next: string | undefined
  signal: AbortSignal
  answer(page: Page<string>): Promise<void>
  fail(error: Error): Promise<void>
}

/** Returns a reader whose pages come when the test says so. */
const asking = () => {
  const asked: Asked[] = []
  const read: ReadPage<string> = (next, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Page<string>>()
    const answer = (page: Page<string>) => {
      resolve(page)
      return settled()
    }
    const fail = (error: Error) => {
      reject(error)
      return settled()
    }
    asked.push({ next, signal, answer, fail })
    return promise
  }
  return { asked, read }
}

test('reads a page at a time, and says what it is doing', async () => {
  const { asked, read } = asking()
  const list = collect(read)
  expect(list.snapshot().state).toBe('idle')
  list.start()
  expect(list.snapshot().state).toBe('loading')
  await asked[0]?.answer({ items: ['a'], next: '2' })
  expect(list.snapshot()).toMatchObject({ state: 'ready', items: ['a'], next: '2' })
  list.more()
  await asked[1]?.answer({ items: ['b'], next: undefined })
  expect(list.snapshot()).toMatchObject({ state: 'ready', items: ['a', 'b'] })
})

test('reads everything when asked to', async () => {
  const { asked, read } = asking()
  const list = collect(read, true)
  list.start()
  await asked[0]?.answer({ items: ['a'], next: '2' })
  expect(list.snapshot()).toMatchObject({ state: 'loading', items: ['a'] })
  expect(asked[1]?.next).toBe('2')
  await asked[1]?.answer({ items: ['b'], next: undefined })
  expect(list.snapshot()).toMatchObject({ state: 'ready', items: ['a', 'b'] })
})

test('says nothing more once it is stopped, whatever still arrives', async () => {
  const { asked, read } = asking()
  const list = collect(read)
  list.start()
  list.stop()
  expect(asked[0]?.signal.aborted).toBe(true)
  await asked[0]?.answer({ items: ['late'], next: undefined })
  expect(list.snapshot().items).toEqual([])
})

test('keeps what it has when a page fails, and goes on from there', async () => {
  const { asked, read } = asking()
  const list = collect(read)
  list.start()
  await asked[0]?.answer({ items: ['a'], next: '2' })
  list.more()
  await asked[1]?.fail(new Error('gone'))
  expect(list.snapshot()).toMatchObject({ state: 'failed', items: ['a'] })
  list.more()
  expect(asked[2]?.next).toBe('2')
})

test('shows what was written at once, and what the server has afterwards', async () => {
  const { asked, read } = asking()
  const list = collect(read)
  list.start()
  await asked[0]?.answer({ items: ['old'], next: undefined })
  list.add('new')
  list.reload()
  expect(list.snapshot().items).toEqual(['new', 'old'])
  await asked[1]?.answer({ items: ['new', 'old'], next: undefined })
  expect(list.snapshot()).toMatchObject({ state: 'ready', items: ['new', 'old'] })
})
