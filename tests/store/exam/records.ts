import { expect, test } from 'vitest'
import { readAll } from '../../../src/store/dynamo/batch.ts'
import type { ResourceItem } from '../../../src/store/dynamo/items.ts'
import { openSession, openStore } from '../../../src/store/dynamo/open.ts'
import { getObject, type Session } from '../../../src/store/dynamo/session.ts'
import { openTransactions } from '../../../src/store/dynamo/transaction/registry.ts'
import { sweep } from '../../../src/store/dynamo/transaction/sweep.ts'
import { currentKey, journalKey, transactionKey, typeList } from '../../../src/store/keys.ts'
import type { Store } from '../../../src/store/port.ts'
import { create, getOne, liveIds, manyNotes, type Note, put } from '../drafts.ts'
import type { Examinee } from '../exam.ts'
import {
  type Call,
  failingAt,
  isApplying,
  isRecord,
  type MovableClock,
  movableClock,
  sending,
} from '../faults.ts'

const fresh = manyNotes(130, 'fresh')
const old = manyNotes(6, 'old')
const minute = 60_000
const day = 24 * 60 * minute

/** Transactions are whole by their record: at any age, whatever the clocks say, and whoever died. */
export const examineRecords = ({ engines, tenant }: Examinee): void => {
  const setUp = () => {
    const name = tenant()
    const timing = { lease: 30_000, patience: 200 }
    /** A process with a clock of its own. */
    const process = (clock: MovableClock = movableClock(), clients = engines().clients) => {
      const place = { ...engines().place, clients, clock, timing }
      const [open, session] = [openStore(place), openSession(place)]
      return { clock, store: () => open(name), session: () => session(name) }
    }
    const stopped = async (stop: Parameters<typeof failingAt>[1], writes = fresh.map(create)) => {
      const { store } = process(movableClock(), failingAt(engines().clients, stop))
      await expect(store().commit(writes)).rejects.toThrow('stopped')
    }
    return { process, stopped }
  }

  const secondBatch = () => {
    let batches = 0
    return (call: Call) => isApplying(call) && ++batches === 2
  }

  const changes = async (store: Store) => {
    await store.commit(old.map((note) => put(note)))
    const before = await store.get(old)
    return [...fresh.map(create), ...old.map((note, n) => put({ ...note, code: 'changed' }, before[n]))]
  }

  const expectWhole = async (store: Store, count = fresh.length) => {
    const versions = await store.get(fresh)
    expect(versions.filter((version) => version !== undefined)).toHaveLength(count)
  }

  const aged = [1 * day, 40 * day]

  test.each(aged)(
    'shows no half of a journal that was begun %i ms ago, to who reads one resource',
    async (age) => {
      const { process, stopped } = setUp()
      await stopped({ before: secondBatch() })
      const { clock, store } = process()
      clock.move(age)
      const items = await storedItems(process().session(), fresh)
      expect(items.length).toBeGreaterThan(0)
      expect(items.length).toBeLessThan(fresh.length)
      expect(await getOne(store(), fresh.find(({ id }) => items[0]?.pk.endsWith(id)) as Note)).toMatchObject({
        v: 1,
      })
      expect(await storedItems(process().session(), fresh)).toHaveLength(fresh.length)
    },
  )

  test.each(aged)('shows no half of it to who searches %i ms later', async (age) => {
    const { process, stopped } = setUp()
    await stopped({ before: secondBatch() })
    const { clock, store } = process()
    clock.move(age)
    expect(await liveIds(store(), 'Observation', typeList('Observation'))).toEqual(fresh.map(({ id }) => id))
  })

  test.each([-day, day, -5 * minute, 5 * minute])(
    'shows no half of it to a reader whose wall clock is %i ms off',
    async (wrong) => {
      const { process, stopped } = setUp()
      await stopped({ before: secondBatch() })
      const { clock, store } = process()
      clock.skew(wrong)
      const [created] = await storedItems(process().session(), fresh)
      await getOne(store(), fresh.find(({ id }) => created?.pk.endsWith(id)) as Note)
      expect(await storedItems(process().session(), fresh)).toHaveLength(fresh.length)
    },
  )

  const recordOf = async (session: Session, txn: string) =>
    (
      await readAll<{ state: string; ttl?: number; done?: boolean }>(session, session.tables.system, [
        transactionKey(session.tenant, txn),
      ])
    )[0]

  const expectClosed = async (session: Session, txn: string) => {
    expect(await openTransactions(session)).toEqual([])
    const record = await recordOf(session, txn)
    expect(record?.ttl).toBeGreaterThan(Date.now() / 1000 + 7 * 24 * 3600)
    await expect(getObject(session, journalKey(session.tenant, txn))).rejects.toThrow()
  }

  const txnOf = async (session: Session): Promise<string> => {
    const [item] = await storedItems(session, fresh)
    return String(item?.by)
  }

  test('lets the record of a large transaction end once it is done, and its journal go', async () => {
    const { process } = setUp()
    const { store, session } = process()
    await store().commit(await changes(store()))
    await expectClosed(session(), await txnOf(session()))
  })

  test('lets the record of a commit under a hold end', async () => {
    const { process } = setUp()
    const { store, session } = process()
    const held = await store().lock(['a'])
    await store().commit([put({ type: 'Patient', id: 'a', code: 'x' })], held)
    await store().release(held)
    expect((await recordOf(session(), held.txn))?.ttl).toBeGreaterThan(Date.now() / 1000 + 7 * 24 * 3600)
  })

  test('takes what was created for complete once the record and the journal are gone', async () => {
    const { process } = setUp()
    const { store, session } = process()
    await store().commit(fresh.map(create))
    const txn = await txnOf(session())
    const { system } = session().tables
    await engines().clients.dynamo.send(
      new (await import('@aws-sdk/lib-dynamodb')).DeleteCommand({
        TableName: system,
        Key: transactionKey(session().tenant, txn),
      }),
    )
    const reader = process()
    await expectWhole(reader.store())
    expect(await liveIds(reader.store(), 'Observation', typeList('Observation'))).toHaveLength(fresh.length)
    const again = reader.store()
    await again.get(fresh.slice(0, 50))
    expect(again.meter.readUnits).toBe(50)
  })

  test('is swept after its writer died: carried out where it is committed, whoever has met it or nobody', async () => {
    const { process, stopped } = setUp()
    const writes = await changes(process().store())
    await stopped({ after: isRecord }, writes)
    const { clock, session, store } = process()
    clock.move(40 * day)
    expect(await sweep(session())).toEqual({ committed: 1, aborted: 0, left: 0 })
    const items = await storedItems(session(), [...fresh, ...old])
    expect(items.filter(({ v, txn, next }) => v > 0 && !txn && !next)).toHaveLength(136)
    expect((await store().get(old)).map((version) => version?.v)).toEqual(old.map(() => 2))
    await expectClosed(session(), await txnOf(session()))
    expect(await sweep(session())).toEqual({ committed: 0, aborted: 0, left: 0 })
  })

  /** Time goes by while it sleeps, a minute for a second. */
  const hurried = (): MovableClock => {
    const clock = movableClock()
    return { ...clock, sleep: async () => clock.move(minute) }
  }

  test('is swept after its writer died: taken back where it is not committed', async () => {
    const { process, stopped } = setUp()
    const before = process()
    await stopped({ before: isRecord }, await changes(before.store()))
    const { session, store } = process(hurried())
    expect(await sweep(session())).toEqual({ committed: 0, aborted: 1, left: 0 })
    const items = await storedItems(session(), [...fresh, ...old])
    expect(items.every(({ v, next }) => v === 1 && !next)).toBe(true)
    expect(items).toHaveLength(old.length)
    expect(await openTransactions(session())).toEqual([])
    await store().commit([put({ ...(old[0] as Note), code: 'free' }, await getOne(store(), old[0] as Note))])
  })

  test('is left alone by sweeps and writers as long as its writer shows that it lives', async () => {
    const { process } = setUp()
    const slow = process()
    slow.clock.skew(-5 * minute)
    const writes = await changes(slow.store())
    const watcher = process(hurried())
    watcher.clock.skew(5 * minute)
    let beats = 0
    const clients = sending(engines().clients, async (call, send) => {
      const answer = await send()
      const asksBeat = call.constructor.name === 'GetCommand' && JSON.stringify(call.input).includes('|open')
      // Between any two looks of the watcher the writer has shown life once.
      if (asksBeat) await beat(slow.session(), ++beats)
      return answer
    })
    const watching = process(watcher.clock, clients)
    const lastLook = async () => {
      expect(await sweep(watching.session())).toEqual({ committed: 0, aborted: 0, left: 1 })
    }
    await slow.store().commit(writes, undefined, { lastLook })
    expect(beats).toBeGreaterThan(0)
    await expectWhole(watching.store())
  })

  test('succeeds for slow workers beside fast ones whose clocks are ten minutes ahead', async () => {
    const { process } = setUp()
    const slow = process()
    const fast = process()
    slow.clock.skew(-5 * minute)
    fast.clock.skew(5 * minute)
    await slow.store().commit(old.map((note) => put(note)))
    let [succeeded, refused] = [0, 0]
    for (let round = 0; round < 20; round++) {
      const before = await slow.store().get(old)
      const writes = old.map((note, n) => put({ ...note, code: `r${round}` }, before[n]))
      const more = manyNotes(104, `r${round}`).map((note) => put(note))
      const lastLook = async () => {
        const note = old[round % old.length] as Note
        const update = fast.store().commit([put({ ...note, code: 'fast' }, before[round % old.length])])
        await update.catch(() => refused++)
      }
      await slow
        .store()
        .commit([...writes, ...more], undefined, { lastLook })
        .then(() => succeeded++)
    }
    expect([succeeded, refused]).toEqual([20, 20])
  }, 60_000)

  test('is whole where a process stops at any call of closing it', async () => {
    for (const last of ['put record', 'remove', 'BatchWriteCommand', 'DeleteCommand']) {
      const { process } = setUp()
      let recorded = false
      const clients = failingAt(engines().clients, {
        before: (call) => {
          const { name } = call.constructor
          const isLast = name === last || (last === 'put record' && name === 'UpdateCommand')
          const stops = recorded && isLast
          recorded ||= isRecord(call)
          return stops
        },
      })
      const dying = process(movableClock(), clients)
      await dying
        .store()
        .commit(await changes(process().store()))
        .catch(() => undefined)
      const { session, store } = process()
      await expectWhole(store())
      await sweep(session())
      await expectClosed(session(), await txnOf(session()))
      expect((await store().get(old)).map((version) => version?.v)).toEqual(old.map(() => 2))
    }
  }, 60_000)
}

const storedItems = (session: Session, notes: readonly Note[]): Promise<ResourceItem[]> =>
  readAll<ResourceItem>(
    session,
    session.tables.resources,
    notes.map((note) => currentKey(session.tenant, note)),
  )

const beat = async (session: Session, nth: number): Promise<void> => {
  const [open] = await openTransactions(session)
  if (!open) throw new Error('Nothing is open.')
  const { UpdateCommand } = await import('@aws-sdk/lib-dynamodb')
  const { openKey } = await import('../../../src/store/open-keys.ts')
  await session.clients.dynamo.send(
    new UpdateCommand({
      TableName: session.tables.system,
      Key: openKey(session.tenant, open.txn),
      UpdateExpression: 'SET beat = :beat',
      ExpressionAttributeValues: { ':beat': nth },
    }),
  )
}
