/** Writers on overlapping transactions while the processes they run in are killed; then everything is read. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { testOptions } from '../../src/local/strict/options.ts'

/** `npm run test:long -- chaos` takes a minute. */
const seconds = Number(process.env.CHAOS_SECONDS ?? 6)
const writers = 6
const shared = 3

interface Attempt {
  number: number
  entries: number
  /** The shared resource that it writes beside its own. */
  key: string
  acknowledged: boolean
}

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ open: true, environments: 8, strict: testOptions })
})
afterAll(() => stack?.stop())

const observation = (number: number) => ({
  resourceType: 'Observation',
  status: 'final',
  identifier: [{ system: 'urn:chaos', value: String(number) }],
  code: { text: 'chaos' },
})

const transaction = ({ number, entries, key }: Attempt) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    ...Array.from({ length: entries }, () => ({
      resource: observation(number),
      request: { method: 'POST', url: 'Observation' },
    })),
    {
      resource: { resourceType: 'Basic', id: key, code: { text: String(number) } },
      request: { method: 'PUT', url: `Basic/${key}` },
    },
  ],
})

const post = async (attempt: Attempt): Promise<boolean> => {
  const response = await fetch(stack.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(transaction(attempt)),
  })
  await response.text()
  return response.status === 200
}

const json = async (path: string) =>
  (await (await fetch(`${stack.url}/${path}`)).json()) as {
    total?: number
    entry?: { resource?: { code: { text: string }; meta: { versionId: string } } }[]
    link?: { relation: string; url: string }[]
  }

/** However busy the machine is, there is something to look at in the end. */
const enough = 6

const isShort = (attempts: readonly Attempt[]): boolean =>
  attempts.filter(({ acknowledged }) => acknowledged).length < enough

const write = async (attempts: Attempt[], until: number): Promise<void> => {
  while (Date.now() < until || isShort(attempts)) {
    const number = attempts.length
    const entries = number % 3 === 0 ? 150 : 1 + (number % 7)
    const attempt = { number, entries, key: `shared-${number % shared}`, acknowledged: false }
    attempts.push(attempt)
    attempt.acknowledged = await post(attempt)
  }
}

const kill = async (until: number): Promise<number> => {
  let killed = 0
  while (Date.now() < until || killed < enough) {
    await sleep(200 + Math.random() * 300)
    const pids = stack.pids()
    const pid = pids[Math.floor(Math.random() * pids.length)]
    if (pid) process.kill(pid, 'SIGKILL')
    killed++
  }
  return killed
}

const found = async ({ number }: Attempt): Promise<number | undefined> =>
  (await json(`Observation?identifier=urn:chaos%7C${number}&_summary=count`)).total

const historyOf = async (key: string) => {
  const texts = new Set<string>()
  const versions: number[] = []
  for (let next: string | undefined = `Basic/${key}/_history?_count=100`; next; ) {
    const page = await json(next)
    for (const { resource } of page.entry ?? []) {
      if (resource) texts.add(resource.code.text)
      if (resource) versions.push(Number(resource.meta.versionId))
    }
    next = page.link?.find(({ relation }) => relation === 'next')?.url.slice(stack.url.length + 1)
  }
  return { texts, versions }
}

test(`what was acknowledged is there and nothing is there by half after ${seconds} s of killed writers`, async () => {
  const attempts: Attempt[] = []
  const until = Date.now() + seconds * 1000
  const [killed] = await Promise.all([
    kill(until),
    ...Array.from({ length: writers }, () => write(attempts, until)),
  ])
  expect(killed).toBeGreaterThan(5)
  expect(attempts.filter(({ acknowledged }) => acknowledged).length).toBeGreaterThan(5)

  // Who was killed holds what he staged until his lease is over; readers must tell the truth before that, too.
  const histories = new Map<string, Awaited<ReturnType<typeof historyOf>>>()
  for (let i = 0; i < shared; i++) histories.set(`shared-${i}`, await historyOf(`shared-${i}`))
  for (const attempt of attempts) {
    const count = await found(attempt)
    const written = histories.get(attempt.key)?.texts.has(String(attempt.number))
    const expected = attempt.acknowledged || count ? attempt.entries : 0
    expect({ ...attempt, count, written }).toEqual({ ...attempt, count: expected, written: expected > 0 })
  }
  for (const { versions } of histories.values()) {
    expect(versions).toEqual(versions.map((_, i) => versions.length - i))
  }
}, 600_000)
