import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../src/store/dynamo/open.ts'
import { typeList } from '../../src/store/keys.ts'
import { getOne, liveIds, manyNotes, put } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'
import { movableClock, outliving } from './faults.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const writer = fileURLToPath(new URL('./kill-writer.ts', import.meta.url))

/** Runs the writer until so many milliseconds after its second commit, kills it, and returns how many it finished. */
const killedAfter = (tenant: string, milliseconds: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [writer], {
      env: { ...process.env, ...engines.env, KILL_TENANT: tenant },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const isFirst = !output.includes('done 1')
      output += chunk.toString()
      if (isFirst && output.includes('done 1')) setTimeout(() => child.kill('SIGKILL'), milliseconds)
    })
    child.once('error', reject)
    child.once('close', () => resolve(output.match(/^done /gm)?.length ?? 0))
  })

test('keeps what a killed process was told is done, and shows no half of what it was at', async () => {
  for (const milliseconds of [1, 23, 47, 71, 95]) {
    const tenant = `t${randomBytes(6).toString('hex')}`
    const clock = movableClock()
    const open = openStore({ ...engines.place, clock, timing: { patience: 100 } })
    const finished = await killedAfter(tenant, milliseconds)
    const counter = await getOne(open(tenant), { type: 'Observation', id: 'counter' })
    const committed = counter?.v ?? 0
    expect([finished, finished + 1]).toContain(committed)
    const ids = ['counter']
    for (let n = 0; n < committed; n++) {
      ids.push(...manyNotes(n % 2 === 0 ? 110 : 3, `batch${n}`).map(({ id }) => id))
    }
    expect(await liveIds(open(tenant), 'Observation', typeList('Observation'))).toEqual(ids.sort())
    const free = () =>
      open(tenant).commit([put({ type: 'Observation', id: 'counter', code: 'free' }, counter)])
    await outliving(clock, 30_000, free)
    expect((await getOne(open(tenant), { type: 'Observation', id: 'counter' }))?.v).toBe(committed + 1)
  }
})
