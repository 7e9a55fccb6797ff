import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { noFaults, type StrictChange } from '../../src/local/strict/options.ts'
import { Failure } from '../../src/outcome/failure.ts'
import { connect } from '../../src/store/dynamo/clients.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { usualLimits } from '../../src/store/dynamo/retries.ts'
import { typeList } from '../../src/store/keys.ts'
import type { Store } from '../../src/store/port.ts'
import { create, getOne, liveIds, manyNotes, type Note, put, remove } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'
import { type Call, isRecord, sending } from './faults.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())
afterEach(() => engines.strict.change({ faults: noFaults }))

let tenants = 0
const newTenant = () => `answers${tenants++}`
const note: Note = { type: 'Observation', id: 'one', code: 'a' }
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const kindsOf = async (asked: Promise<unknown>): Promise<string[]> => {
  const thrown = await asked.then(
    () => undefined,
    (error) => error,
  )
  return thrown instanceof Failure ? thrown.issues.map(({ kind }) => kind) : [String(thrown)]
}

type Fault = keyof NonNullable<StrictChange['faults']>

const countOf = (fault: Fault): number => engines.strict.counts()[`fault ${fault}`] ?? 0

/** Lets the first sending of a call meet a fault; the SDK's repetition of it does not. */
const meeting = (fault: Fault, which: (call: Call) => boolean, meanwhile = async () => {}) => {
  let met = false
  return sending(engines.clients, async (call, send) => {
    if (met || !which(call)) return send()
    met = true
    const before = countOf(fault)
    engines.strict.change({ faults: { [fault]: 1 } })
    const sent = send()
    sent.catch(() => undefined)
    while (countOf(fault) === before) await sleep(1)
    engines.strict.change({ faults: noFaults })
    await meanwhile()
    return sent
  })
}

/** Sends a call twice, as the SDK does when the first answer was lost; something may happen in between. */
const twice = (which: (call: Call) => boolean, meanwhile: () => Promise<void>) => {
  let sent = false
  return sending(engines.clients, async (call, send) => {
    if (sent || !which(call)) return send()
    sent = true
    await send()
    await meanwhile()
    try {
      return await send()
    } catch (error) {
      throw Object.assign(error as Error, { $metadata: { attempts: 2 } })
    }
  })
}

const isFlip = ({ constructor: { name }, input }: Call) =>
  name === 'PutCommand' && JSON.stringify(input).includes('resources')
const isTransaction = ({ constructor: { name } }: Call) => name === 'TransactWriteCommand'

const open = (clients = engines.clients) => openStore({ ...engines.place, clients })

const expectFound = async (store: Store) => {
  expect(await liveIds(store, 'Observation', typeList('Observation'))).toContain(note.id)
}

describe('a write whose answer was lost', () => {
  const lost = ['cutAfter', 'cutBefore', 'throttled', 'conflict', 'internal'] as const

  test.each(lost)('is done once where a single one meets %s', async (fault) => {
    const tenant = newTenant()
    const store = open(meeting(fault, isFlip))(tenant)
    await store.commit([put(note)])
    expect(await getOne(open()(tenant), note)).toMatchObject({ v: 1 })
    await expectFound(open()(tenant))
  })

  test.each([...lost, 'inProgress'] as const)(
    'is done once where one under a hold meets %s',
    async (fault) => {
      const tenant = newTenant()
      const store = open(meeting(fault, isTransaction))(tenant)
      await store.commit([put(note)], await store.lock(['a']))
      expect(await getOne(open()(tenant), note)).toMatchObject({ v: 1 })
      await expectFound(open()(tenant))
    },
  )

  test('is recognised where somebody has changed the resource since', async () => {
    const tenant = newTenant()
    const meanwhile = async () => {
      const other = open()(tenant)
      await other.commit([put({ ...note, code: 'b' }, await getOne(other, note))])
    }
    await open(twice(isFlip, meanwhile))(tenant).commit([put(note)])
    expect(await getOne(open()(tenant), note)).toMatchObject({ v: 2 })
    await expectFound(open()(tenant))
  })

  test('is recognised where somebody has changed all that a transaction wrote', async () => {
    const tenant = newTenant()
    const notes = manyNotes(3, 'n')
    const meanwhile = async () => {
      const other = open()(tenant)
      const before = await other.get(notes)
      await other.commit(notes.map((each, n) => put({ ...each, code: 'b' }, before[n])))
    }
    await open(twice(isTransaction, meanwhile))(tenant).commit(notes.map((each) => put(each)))
    expect((await open()(tenant).get(notes)).map((version) => version?.v)).toEqual([2, 2, 2])
  })

  test('is recognised by its record, where it was under a hold', async () => {
    const tenant = newTenant()
    const store = open(twice(isTransaction, async () => {}))(tenant)
    await store.commit([put(note)], await store.lock(['a']))
    expect(await getOne(open()(tenant), note)).toMatchObject({ v: 1 })
  })

  test('is recognised where it was the record of a large transaction', async () => {
    const tenant = newTenant()
    const notes = manyNotes(110, 'n')
    await open(twice(isRecord, async () => {}))(tenant).commit(notes.map(create))
    expect((await open()(tenant).get(notes)).every((version) => version?.v === 1)).toBe(true)
  })

  test('is still refused where it was not done', async () => {
    const tenant = newTenant()
    await open()(tenant).commit([put({ ...note, code: 'other' })])
    const clients = sending(engines.clients, async (call, send) => {
      if (!isFlip(call)) return send()
      return send().catch((error) => {
        throw Object.assign(error as Error, { $metadata: { attempts: 2 } })
      })
    })
    expect(await kindsOf(open(clients)(tenant).commit([put(note)]))).toEqual(['version-conflict'])
  })
})

describe('an engine that does not answer', () => {
  const quick = { connection: 200, request: 300, budget: 2_000 }

  test('costs a repetition of the call, not the request', async () => {
    const place = { ...engines.place, clients: connect(engines.env, quick) }
    const tenant = newTenant()
    await openStore(place)(tenant).commit([put(note)])
    const before = countOf('hung')
    engines.strict.change({ faults: { hung: 1, hangMilliseconds: 60_000 } })
    const reading = getOne(openStore(place)(tenant), note)
    while (countOf('hung') === before) await sleep(1)
    engines.strict.change({ faults: noFaults })
    expect(await reading).toMatchObject({ v: 1 })
  })

  test.each(['hung', 'expired', 'conflict', 'internal', 'cutBefore'] as const)(
    'is 503 where every call meets %s, and soon',
    async (fault) => {
      const short = { ...quick, budget: 500 }
      const store = openStore({ ...engines.place, clients: connect(engines.env, short) })(newTenant())
      engines.strict.change({ faults: { [fault]: 1, hangMilliseconds: 60_000 } })
      const kinds = await kindsOf(store.commit([put(note)]))
      // Of several calls under way at once one may be refused and another unanswered; none is a fault of ours.
      expect(['busy', 'throttled']).toContain(kinds[0])
    },
  )

  test('is 503 where nothing listens', async () => {
    const env = {
      ...engines.env,
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    }
    const clients = connect(env, { ...quick, budget: 300 })
    expect(await kindsOf(getOne(openStore({ ...engines.place, clients })('x'), note))).toEqual(['busy'])
    expect(await kindsOf(clients.bucket.get('b', 'k'))).toEqual(['busy'])
    expect(await kindsOf(clients.bucket.put('b', 'k', new Uint8Array()))).toEqual(['busy'])
  })

  test('is given up well before the gateway gives up, after 29 s', () => {
    expect(usualLimits.budget + usualLimits.request).toBeLessThanOrEqual(10_000)
    expect(usualLimits.request).toBeLessThanOrEqual(2_000)
  })
})

test('where a twentieth of all calls meets some fault, one writer is never told of a conflict and loses nothing', async () => {
  const tenant = newTenant()
  const share = 0.01
  const faults = { throttled: share, conflict: share, internal: share, cutBefore: share, cutAfter: share }
  engines.strict.change({ faults: { ...faults, inProgress: share, slowDown: share } })
  const told: string[] = []
  let acknowledged = 0
  for (let n = 0; n < 40; n++) {
    const store = open()(tenant)
    const attempt = async () => {
      const before = await getOne(store, note)
      const more =
        n % 4 === 0 ? manyNotes(104, `n${n}`).map(create) : manyNotes(3, `n${n}`).map((each) => put(each))
      const hold = n % 3 === 0 ? await store.lock([`h${n}`]) : undefined
      const update = before && n % 7 === 6 ? remove(before) : put({ ...note, code: `c${n}` }, before)
      await store.commit(n % 2 ? [update] : [update, ...more], hold)
      acknowledged = before ? before.v + 1 : 1
    }
    const kinds = await kindsOf(attempt())
    if (kinds[0] !== 'undefined') told.push(...kinds)
    engines.strict.change({ faults: noFaults })
    const now = await getOne(open()(tenant), note)
    expect(now?.v ?? 0).toBeGreaterThanOrEqual(acknowledged)
    if (now && !now.deleted) await expectFound(open()(tenant))
    engines.strict.change({ faults })
  }
  expect(told.filter((kind) => !['busy', 'throttled'].includes(kind))).toEqual([])
  expect(acknowledged).toBeGreaterThan(20)
}, 120_000)
