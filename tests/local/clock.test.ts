import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { clockOf } from '../../src/local/clock.ts'
import { startStack } from '../../src/local/stack.ts'
import { testOptions } from '../../src/local/strict/options.ts'
import { shiftedClock } from '../shifted-clock.ts'

const days = 86_400_000

test('functions get no clock of their own where the stack has the machine’s', () => {
  expect(clockOf({ LD_PRELOAD: '/lib/other.so' })).toEqual({})
})

test('a worker whose clock steps all the time has the time that its function was given', async () => {
  const workers = { mostSkewSeconds: 300, stepSeconds: 0.01, limitMemory: false }
  const stack = await startStack({ open: true, environments: 2, strict: { ...testOptions, workers } })
  try {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => (await fetch(`${stack.url}/Basic/none`)).status),
    )
    expect([...new Set(statuses)]).toEqual([404])
  } finally {
    await stack.stop()
  }
})

test.skipIf(!shiftedClock('+1d'))('a shifted clock shifts the time and leaves the monotonic one', () => {
  const source = 'console.log(JSON.stringify([Date.now(), Number(process.hrtime.bigint() / 1000000n)]))'
  const look = (env: object) =>
    JSON.parse(
      spawnSync(process.execPath, ['-e', source], { env: { ...process.env, ...env } }).stdout.toString(),
    )
  const [here, there] = [look({}), look(shiftedClock('+400d') ?? {})]
  expect(Math.round((there[0] - here[0]) / days)).toBe(400)
  expect(there[1] - here[1]).toBeLessThan(days)
})

test.skipIf(!shiftedClock('+1d'))(
  'the stack’s functions have the clock that the stack was given',
  async () => {
    const before = { ...process.env }
    Object.assign(process.env, shiftedClock('+400d'))
    const stack = await startStack({ open: true, environments: 1 })
    try {
      const response = await fetch(`${stack.url}/Basic`, {
        method: 'POST',
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify({ resourceType: 'Basic', code: { text: 'x' } }),
      })
      const { meta } = (await response.json()) as { meta: { lastUpdated: string } }
      const ahead = Date.parse(meta.lastUpdated) - Date.now()
      expect(Math.round(ahead / days)).toBe(400 - Number.parseInt(before.FAKETIME ?? '0', 10))
    } finally {
      await stack.stop()
      for (const name of Object.keys(shiftedClock('+1d') ?? {}))
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
    }
  },
)
