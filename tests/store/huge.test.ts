import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../src/store/dynamo/open.ts'
import { typeList } from '../../src/store/keys.ts'
import { getOne, liveIds, manyNotes, put } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'
import { leapingClock } from './faults.ts'

/** `npm run test:long -- huge` takes 25,000. */
const count = Number(process.env.HUGE_ENTRIES ?? 1_500)

const writer = fileURLToPath(new URL('./huge-writer.ts', import.meta.url))

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const ids = manyNotes(count, 'huge').map(({ id }) => id)

/** Returns what the process said, which is nothing where it killed itself. */
const committed = (tenant: string, death: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [writer], {
      env: {
        ...process.env,
        ...engines.env,
        HUGE_TENANT: tenant,
        HUGE_COUNT: String(count),
        HUGE_DEATH: death,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (_, signal) => {
      if (death !== '') expect(signal).toBe('SIGKILL')
      resolve(said)
    })
  })

const opened = (tenant: string, leap = 0) => {
  const clock = leapingClock(leap)
  return openStore({ ...engines.place, clock, timing: { patience: 1_000 } })(tenant)
}

test(`a transaction of ${count} resources is committed as one`, async () => {
  const said = await committed('whole', '')
  if (count > 10_000) console.log(said)
  expect(await liveIds(opened('whole'), 'Observation', typeList('Observation'))).toEqual(ids)
}, 600_000)

test(`a transaction of ${count} resources leaves no trace where its process dies before the commit`, async () => {
  await committed('dead', 'before the record')
  expect(await liveIds(opened('dead'), 'Observation', typeList('Observation'))).toEqual([])
  const seen = await opened('dead').get(ids.map((id) => ({ type: 'Observation', id })))
  expect(seen.filter((version) => version !== undefined)).toEqual([])
  expect((await opened('dead').history({ type: 'Observation', limit: 100 })).versions).toEqual([])
  const named = { type: 'Observation', id: ids[0] ?? '', code: 'free' }
  await opened('dead', 31_000).commit([put(named)])
  expect((await getOne(opened('dead'), named))?.v).toBe(1)
}, 600_000)

test.each(['after the record', 'while it is carried out'])(
  `a transaction of ${count} resources is whole where its process dies %s`,
  async (death) => {
    await committed(death.replaceAll(' ', '-'), death)
    const store = opened(death.replaceAll(' ', '-'))
    expect(await liveIds(store, 'Observation', typeList('Observation'))).toEqual(ids)
    const named = { type: 'Observation', id: ids[0] ?? '' }
    await store.commit([put({ ...named, code: 'later' }, await getOne(store, named))])
    expect((await getOne(store, named))?.v).toBe(2)
  },
  600_000,
)
