import type { Context } from 'aws-lambda'
import { expect, test } from 'vitest'
import { door, type Services } from '../../src/handlers/door/door.ts'
import { eventOf } from './caller.ts'

const never = new Promise<never>(() => {})

const silent: Services = {
  openStore: () => ({
    meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
    grace: 0,
    knownDefinitions: () => ({ version: 0, text: '[]' }),
    definitions: () => never,
    builds: () => never,
    forgetBuilds: () => never,
    progress: () => never,
    keepProgress: () => never,
    define: () => never,
    announcement: () => never,
    announce: () => never,
    get: () => never,
    version: () => never,
    exactly: () => never,
    below: () => never,
    reading: () => {
      throw new Error('Nothing is read.')
    },
    page: () => never,
    labels: () => never,
    history: () => never,
    lock: () => never,
    release: () => never,
    keepResult: () => never,
    keptResult: () => never,
    commit: () => never,
    audit: () => never,
    purge: () => never,
  }),
  archive: { bundle: () => never },
}

test('says before its time is up that nobody knows whether the change was made', async () => {
  const remaining = { getRemainingTimeInMillis: () => 550 } as Context
  const event = eventOf('PUT', '/Patient/a', { body: '{"resourceType":"Patient","id":"a"}' })
  const { statusCode, body } = await door(silent, { LOG_LEVEL: 'OFF' })(event, remaining)
  expect(statusCode).toBe(504)
  expect(JSON.parse(body).issue[0]).toMatchObject({
    code: 'timeout',
    diagnostics: expect.stringContaining('look before you repeat it'),
  })
})
