import { expect, test } from 'vitest'
import { patientList, rangeList, shardOf, stringList, typeList, valueList } from '../../../src/store/keys.ts'
import type { Entry, List, Range, Store } from '../../../src/store/port.ts'
import { getOne, liveIds, type Note, put, readList, remove } from '../drafts.ts'
import type { Examinee } from '../exam.ts'

const names: List = stringList('Patient', 'name', 'a')
const status = valueList('Observation', 'status', 'final')

const at = (list: List, order: string): Entry => ({ list, order })

const noteAt = (id: string, ...entries: Entry[]) => ({
  ...put({ type: 'Patient', id, code: 'c' }),
  entries,
})

/** Reads a range page by page: any of them may end before its limit. */
const ordersOf = async (store: Store, range: Range): Promise<string[]> => {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await store.page(after === undefined ? range : { ...range, after })
    found.push(...page.candidates.map(({ order }) => order))
    after = page.after
  } while (after !== undefined)
  return found
}

/** page, and what commits leave in the lists. */
export const examineLists = ({ engines, tenant }: Examinee): void => {
  const open = () => engines().openStore(tenant())
  const orders = ['a', 'ab', 'ab c', 'abc', 'ac', 'ä', '']

  const withNames = async () => {
    const store = open()
    await store.commit(orders.map((order, n) => noteAt(`p${n}`, at(names, order))))
    return store
  }

  test('returns a list in the order of its entries, a beginning before what begins with it', async () => {
    const store = await withNames()
    const found = (await readList(store, names)).map(({ order }) => order)
    expect(found).toEqual(['', 'a', 'ab', 'ab c', 'abc', 'ac', 'ä'])
  })

  test('reads from a position inclusive to another exclusive, in both directions', async () => {
    const store = await withNames()
    const read = async (reverse: boolean) => {
      const range = { list: names.name, shard: 0, from: 'ab', to: 'ac', reverse, limit: 10 }
      return ordersOf(store, range)
    }
    expect(await read(false)).toEqual(['ab', 'ab c', 'abc'])
    expect(await read(true)).toEqual(['abc', 'ab c', 'ab'])
  })

  test('reads below an upper bound and above a lower one alone', async () => {
    const store = await withNames()
    const read = (bounds: { from?: string; to?: string }) =>
      ordersOf(store, { list: names.name, shard: 0, reverse: false, limit: 10, ...bounds })
    expect(await read({ from: '' })).toHaveLength(7)
    expect(await read({ to: '' })).toEqual([])
    expect(await read({ from: '', to: '' })).toEqual([])
    expect(await read({ from: 'b', to: 'a' })).toEqual([])
    expect(await read({ from: 'ab', to: 'ab' })).toEqual([])
    expect(await read({ to: 'abc' })).toEqual(['', 'a', 'ab', 'ab c'])
    expect(await read({ from: 'abc' })).toEqual(['abc', 'ac', 'ä'])
  })

  test('goes on where the page before has ended', async () => {
    const store = await withNames()
    const found: string[] = []
    let after: string | undefined
    do {
      const range = { list: names.name, shard: 0, from: 'a', to: 'b', reverse: true, limit: 2 }
      const page = await store.page(after === undefined ? range : { ...range, after })
      found.push(...page.candidates.map(({ order }) => order))
      after = page.after
    } while (after !== undefined)
    expect(found).toEqual(['ac', 'abc', 'ab c', 'ab', 'a'])
  })

  test('tells values apart that begin alike and are longer than a key', async () => {
    const store = open()
    const [one, two] = ['1', '2'].map((end) =>
      valueList('Patient', 'url', `${'x'.repeat(3000)}${end}`, 'uri'),
    )
    await store.commit([noteAt('p1', at(one as List, 'd')), noteAt('p2', at(two as List, 'd'))])
    expect((await readList(store, one as List)).map(({ id }) => id)).toEqual(['p1'])
  })

  test('finds an entry by the beginning of an order that is longer than a key', async () => {
    const store = open()
    const order = `${'ä'.repeat(1500)}z`
    await store.commit([noteAt('p1', at(names, order))])
    const range = { list: names.name, shard: 0, reverse: false, limit: 10 }
    expect(await ordersOf(store, { ...range, from: order, to: `${order}\uffff` })).toHaveLength(1)
    expect(await ordersOf(store, { ...range, from: 'å' })).toHaveLength(0)
  })

  test('gives back an entry’s upper bound and facets', async () => {
    const store = open()
    const facets = new Uint8Array([9, 8, 7, 6])
    await store.commit([
      noteAt('p1', { list: patientList('x'), order: 'Observation|2026', high: '2027', facets }),
      noteAt('p2', at(patientList('x'), 'Observation|2026')),
    ])
    const found = await readList(store, patientList('x'))
    expect(found.find(({ id }) => id === 'p1')).toMatchObject({
      order: 'Observation|2026',
      high: '2027',
      facets,
    })
    expect(Object.keys(found.find(({ id }) => id === 'p2') ?? {}).sort()).toEqual([
      'id',
      'order',
      'since',
      'w',
    ])
  })

  test('keeps the higher bound where one resource stands twice at one place', async () => {
    const store = open()
    const dates = rangeList('Patient', 'date')
    await store.commit([
      noteAt(
        'p1',
        { list: dates, order: '2026', high: '2028' },
        { list: dates, order: '2026', high: '2027' },
      ),
    ])
    expect((await readList(store, dates)).map(({ high }) => high)).toEqual(['2028'])
  })

  test('puts entries of one commit that share list and order into one item', async () => {
    const store = open()
    await store.commit(Array.from({ length: 40 }, (_, n) => noteAt(`p${n}`, at(status, '2026'))))
    const written = (await readList(store, status)).map(({ w }) => w)
    expect(new Set(written).size).toBe(1)
    const shard = shardOf(written[0] ?? '', status.shards)
    const page = await store.page({ list: status.name, shard, reverse: false, limit: 1 })
    expect(page.candidates).toHaveLength(40)
  })

  test('finds a resource by each of its entries as soon as it is written', async () => {
    const store = open()
    const note: Note = { type: 'Observation', id: 'o1', code: 'c1', subject: 'x' }
    await store.commit([put(note)])
    expect(await liveIds(store, 'Observation', valueList('Observation', 'code', 'c1'))).toEqual(['o1'])
    expect(await liveIds(store, 'Observation', patientList('x'))).toEqual(['o1'])
    expect(await liveIds(store, 'Observation', typeList('Observation'))).toEqual(['o1'])
  })

  test('keeps the entries of an old version beside those of the new one, with the version each was put for', async () => {
    const store = open()
    const key = { type: 'Observation', id: 'o1' }
    const read = async (code: string) =>
      (await readList(store, valueList('Observation', 'code', code))).map(({ id, since }) => [id, since])
    await store.commit([put({ ...key, code: 'c1' })])
    const first = await getOne(store, key)
    await store.commit([put({ ...key, code: 'c2' }, first)])
    expect(await read('c1')).toEqual([['o1', 1]])
    expect(await read('c2')).toEqual([['o1', 2]])
    const second = await getOne(store, key)
    await store.commit(second ? [remove(second)] : [])
    expect(await read('c2')).toEqual([['o1', 2]])
    expect(await liveIds(store, 'Observation', valueList('Observation', 'code', 'c2'))).toEqual([])
  })
}
