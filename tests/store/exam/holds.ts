import { expect, test } from 'vitest'
import { openStore } from '../../../src/store/dynamo/open.ts'
import { valueList } from '../../../src/store/keys.ts'
import type { Store } from '../../../src/store/port.ts'
import { getOne, liveIds, manyNotes, put } from '../drafts.ts'
import type { Examinee } from '../exam.ts'
import { movableClock } from '../faults.ts'

const name = 'Patient?identifier=a|1'

/** hold, release, and commits under a hold. */
export const examineHolds = ({ engines, tenant }: Examinee): void => {
  const setUp = (patience = 150) => {
    const of = tenant()
    const clock = movableClock()
    const open = openStore({ ...engines().place, clock, timing: { lease: 30_000, patience } })
    return { clock, store: () => open(of) }
  }

  test('refuses a name that is held, and gives it once it is released', async () => {
    const { store } = setUp()
    const first = await store().lock([name, 'other'])
    const second = store().lock(['more', name])
    await expect(second).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    await store().release(await store().lock(['more']))
    await store().release(first)
    await store().release(first)
    await store().lock([name])
  })

  test('waits for a name that is released in time', async () => {
    const { store } = setUp(2_000)
    const first = await store().lock([name])
    const second = store().lock([name])
    setTimeout(() => store().release(first), 100)
    expect((await second).names).toEqual([name])
  })

  /** Who is refused has begun to watch. */
  const expectRefused = (asked: Promise<unknown>) =>
    expect(asked).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })

  test('gives a name away that was watched for a lease, and fails the commit of the one who slept', async () => {
    const { clock, store } = setUp()
    const slept = await store().lock([name])
    clock.move(31_000)
    await expectRefused(store().lock([name]))
    clock.move(31_000)
    const taken = await store().lock([name])
    const late = store().commit([put({ type: 'Patient', id: 'late', code: 'x' })], slept)
    await expect(late).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    expect(await getOne(store(), { type: 'Patient', id: 'late' })).toBeUndefined()
    await store().release(slept)
    await store().commit([put({ type: 'Patient', id: 'timely', code: 'x' })], taken)
    expect((await getOne(store(), { type: 'Patient', id: 'timely' }))?.v).toBe(1)
  })

  test('fails a large commit of one who slept', async () => {
    const { clock, store } = setUp()
    const slept = await store().lock([name])
    await expectRefused(store().lock([name]))
    clock.move(31_000)
    await store().lock([name])
    const notes = manyNotes(130, 'late')
    const late = store().commit(
      notes.map((note) => put(note)),
      slept,
    )
    await expect(late).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    expect((await store().get(notes)).every((version) => version === undefined)).toBe(true)
  })

  test('commits once under a hold, small or large', async () => {
    const { store } = setUp()
    for (const count of [1, 99, 100, 130]) {
      const held = await store().lock([`${name}${count}`])
      const notes = manyNotes(count, `c${count}`)
      await store().commit(
        notes.map((note) => put(note)),
        held,
      )
      await store().release(held)
      expect((await store().get(notes)).every((version) => version?.v === 1)).toBe(true)
      const again = store().commit([put({ type: 'Patient', id: `again${count}`, code: 'x' })], held)
      await expect(again).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    }
  })

  test('takes a thousand names at once', async () => {
    const { store } = setUp()
    const names = Array.from({ length: 1_000 }, (_, n) => `Patient?identifier=${n}`)
    const held = await store().lock(names)
    await expect(store().lock(['Patient?identifier=777'])).rejects.toMatchObject({
      issues: [{ kind: 'conflict' }],
    })
    await store().release(held)
    await store().lock(['Patient?identifier=777'])
  })

  test('lets one of two who want the same names in opposite order go on', async () => {
    const { store } = setUp(600)
    const names = Array.from({ length: 60 }, (_, n) => `name-${n}`)
    const holds = await Promise.allSettled([store().lock(names), store().lock([...names].reverse())])
    expect(holds.some(({ status }) => status === 'fulfilled')).toBe(true)
  })

  test('makes one resource of twenty simultaneous creations for the same criteria', async () => {
    const { store } = setUp(10_000)
    const list = valueList('Patient', 'code', 'once')
    const createOnce = async (own: Store, id: string): Promise<void> => {
      const held = await own.lock([name])
      try {
        const there = await liveIds(own, 'Patient', list)
        if (there.length === 0) await own.commit([put({ type: 'Patient', id, code: 'once' })], held)
      } finally {
        await own.release(held)
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, n) => createOnce(store(), `p${n}`)))
    expect(await liveIds(store(), 'Patient', list)).toHaveLength(1)
  })
}
