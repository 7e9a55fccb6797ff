import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Environments, startEnvironments } from '../../../../src/local/functions/environments.ts'
import { startStack } from '../../../../src/local/stack.ts'
import { testOptions } from '../../../../src/local/strict/options.ts'
import { residentOf } from '../../../../src/local/strict/workers/memory.ts'
import { type Engines, startEngines } from '../../../store/engines.ts'

const bundle = fileURLToPath(new URL('./handler.cjs', import.meta.url))
const fn = (exportName: string, memory = 1_024) => ({
  function: exportName,
  bundle,
  exportName,
  variables: {},
  timeoutSeconds: 60,
  memory,
})

interface Look {
  date: number
  made: string
  uptime: number
}

let engines: Engines
let environments: Environments
beforeAll(async () => {
  engines = await startEngines()
  environments = startEnvironments({
    count: 1,
    variables: {},
    logPath: '/dev/null',
    preload: [],
    nextClock: engines.strict.nextClock,
    limitsMemory: () => true,
  })
})
afterAll(async () => {
  await environments?.stop()
  await engines?.stop()
})

const look = async (): Promise<Look> => {
  const outcome = await environments.invoke(fn('look'), {})
  if (outcome.kind !== 'result') throw new Error(outcome.reason)
  return outcome.result as Look
}

test('each worker has a clock of its own, and the monotonic clock of the machine', async () => {
  const offsets: number[] = []
  for (let worker = 0; worker < 3; worker++) {
    const began = performance.now()
    const { date, made, uptime } = await look()
    offsets.push(Math.round((date - Date.now()) / 1_000))
    expect(Math.abs(Date.parse(made) - date)).toBeLessThanOrEqual(600_000)
    const later = await look()
    expect(later.uptime - uptime).toBeLessThanOrEqual(performance.now() - began)
    const [pid = 0] = environments.pids()
    process.kill(pid, 'SIGKILL')
    while (environments.pids().includes(pid)) await sleep(10)
  }
  expect(new Set(offsets).size).toBe(3)
  expect(offsets.some((offset) => Math.abs(offset) > 5)).toBe(true)
  for (const offset of offsets) expect(Math.abs(offset)).toBeLessThanOrEqual(301)
})

test.skipIf(!residentOf(process.pid))(
  'a worker beyond its memory is killed, and the next one works',
  async () => {
    const large = await environments.invoke(fn('take', 512), { mebibytes: 700 })
    expect(large).toEqual({ kind: 'crash', reason: 'Runtime exited with error: signal: killed' })
    const small = await environments.invoke(fn('take', 512), { mebibytes: 50 })
    expect(small).toEqual({ kind: 'result', result: { length: 50 * 2 ** 20 } })
    expect(await environments.invoke(fn('take', 2_048), { mebibytes: 700 })).toMatchObject({ kind: 'result' })
    expect(await environments.invoke(fn('take', 256), { mebibytes: 50 })).toMatchObject({ kind: 'result' })
  },
)

test('workers up to ten minutes off correct their signatures when they are refused, and go on', async () => {
  const workers = { mostSkewSeconds: 600, stepSeconds: 1, limitMemory: true }
  const stack = await startStack({ open: true, environments: 3, strict: { ...testOptions, workers } })
  try {
    for (let number = 0; number < 30; number++) {
      const response = await fetch(`${stack.url}/Basic/skewed-${number}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify({ resourceType: 'Basic', id: `skewed-${number}`, code: { text: 'x' } }),
      })
      await response.text()
      expect(response.status).toBe(201)
    }
    expect(stack.strict.counts()['refused InvalidSignatureException']).toBeGreaterThan(0)
  } finally {
    await stack.stop()
  }
})
