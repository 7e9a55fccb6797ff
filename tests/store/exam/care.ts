import { expect, test } from 'vitest'
import { openStore } from '../../../src/store/dynamo/open.ts'
import type { Store, Version } from '../../../src/store/port.ts'
import { getOne, manyNotes, put, remove } from '../drafts.ts'
import type { Examinee } from '../exam.ts'
import { movableClock } from '../faults.ts'

const target = { type: 'Patient', id: 'target', code: 'x' }
const referrer = { type: 'Observation', id: 'referrer', code: 'x' }

/** Commits that mind what they do not write. */
export const examineCare = ({ engines, tenant }: Examinee): void => {
  const setUp = async (patience = 300) => {
    const name = tenant()
    const clock = movableClock()
    const open = openStore({ ...engines().place, clock, timing: { lease: 30_000, patience } })
    const store = (): Store => open(name)
    await store().commit([put(target)])
    return { clock, store }
  }

  const removal = async (store: Store) => remove((await getOne(store, target)) as Version)

  test('commit while what must not be deleted stands, or never was', async () => {
    const { store } = await setUp()
    const undeleted = [target, { type: 'Patient', id: 'never' }]
    await store().commit([put(referrer)], undefined, { undeleted })
    expect((await getOne(store(), referrer))?.v).toBe(1)
  })

  test.each([1, 120])('commit none of %i writes where it is deleted', async (count) => {
    const { store } = await setUp()
    await store().commit([await removal(store())])
    const notes = manyNotes(count, 'n')
    const commit = store().commit(
      notes.map((note) => put(note)),
      undefined,
      { undeleted: [target] },
    )
    await expect(commit).rejects.toMatchObject({ issues: [{ kind: 'version-conflict' }] })
    expect((await store().get(notes)).every((version) => version === undefined)).toBe(true)
  })

  test.each([1, 120])(
    '%i writes wait for a deletion that is under way, and see it committed',
    async (count) => {
      const { store } = await setUp(2000)
      let writing: Promise<void> | undefined
      const lastLook = async () => {
        const writes = manyNotes(count, 'w').map((note) => put(note))
        writing = store().commit(writes, undefined, { undeleted: [target] })
        writing.catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await store().commit([await removal(store())], undefined, { lastLook })
      await expect(writing).rejects.toMatchObject({ issues: [{ kind: 'version-conflict' }] })
      expect((await getOne(store(), target))?.deleted).toBe(true)
    },
  )

  test('a deletion whose last look fails leaves no trace, and what waited for it goes on', async () => {
    const { store } = await setUp(2000)
    let writing: Promise<void> | undefined
    const lastLook = async () => {
      writing = store().commit([put(referrer)], undefined, { undeleted: [target] })
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('seen')
    }
    await expect(store().commit([await removal(store())], undefined, { lastLook })).rejects.toThrow('seen')
    await writing
    expect([await getOne(store(), target), await getOne(store(), referrer)]).toMatchObject([
      { v: 1 },
      { v: 1 },
    ])
    await store().commit([await removal(store())])
  })

  test('an update that is under way does not hinder a reference', async () => {
    const { store } = await setUp()
    const before = await getOne(store(), target)
    await store().commit([put({ ...target, code: 'y' }, before)], undefined, {
      lastLook: () => store().commit([put(referrer)], undefined, { undeleted: [target] }),
    })
    expect([await getOne(store(), target), await getOne(store(), referrer)]).toMatchObject([
      { v: 2 },
      { v: 1 },
    ])
  })

  test('a deletion that has died with its lease is passed by', async () => {
    const { clock, store } = await setUp()
    const dead = store().commit([await removal(store())], undefined, {
      lastLook: () => new Promise(() => undefined),
    })
    dead.catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const refer = () => store().commit([put(referrer)], undefined, { undeleted: [target] })
    await expect(refer()).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    clock.move(31_000)
    await refer()
    expect([await getOne(store(), target), await getOne(store(), referrer)]).toMatchObject([
      { v: 1 },
      { v: 1 },
    ])
  })

  test('mind no more than one call of DynamoDB can', async () => {
    const { store } = await setUp()
    const undeleted = manyNotes(100, 'many')
    const commit = store().commit([put(referrer)], undefined, { undeleted })
    await expect(commit).rejects.toMatchObject({ issues: [{ kind: 'too-costly' }] })
    await store().commit([put(referrer)], undefined, { undeleted: undeleted.slice(1) })
  })
}
