/** Kills, stops and faults over all kinds of writes; `npm run test:long -- strict` does as many as docs/aws.md states. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { door } from '../../../../src/handlers/door/door.ts'
import { type Stack, startStack } from '../../../../src/local/stack.ts'
import { type Chance, seededChance } from '../../../../src/local/strict/chance.ts'
import { type Heat, limits } from '../../../../src/local/strict/heat/meter.ts'
import {
  everyFault,
  laptopOptions,
  type StrictOptions,
  testOptions,
} from '../../../../src/local/strict/options.ts'
import { openArchive } from '../../../../src/store/archive/archive.ts'
import type { Clients } from '../../../../src/store/dynamo/clients.ts'
import { openStore } from '../../../../src/store/dynamo/open.ts'
import type { Clock } from '../../../../src/store/dynamo/session.ts'
import { askDoor, eventOf } from '../../../handlers/caller.ts'
import { type Engines, startEngines } from '../../../store/engines.ts'
import { failingAt, sending } from '../../../store/faults.ts'
import { attack, type Tally } from './attack.ts'
import { lookAt } from './look.ts'
import { type Ask, conditionalCreate } from './writes.ts'

const seed = Number(process.env.STRICT_SEED ?? 1)
/** Which part of the full numbers is done. */
const share = Number(process.env.STRICT_SHARE ?? 0.004)
const full = { kills: 1_500, stops: 2_000, proxied: 10_000, above: 30_000, clock: 500, races: 500 }
const goal = (name: keyof typeof full): number => Math.ceil(full[name] * share)

const expectWhole = (name: string, reached: number, tally: Tally): void => {
  console.log(`${name}: ${JSON.stringify({ seed, reached, ...tally })}`)
  expect(tally).toMatchObject({ lost: 0, half: 0, doubled: 0, examples: [] })
  expect(tally.acknowledged).toBeGreaterThan(0)
  expect(reached).toBeGreaterThanOrEqual(1)
}

/** Returns how a door over these clients is asked. */
const askingBy = (engines: Engines, clients: Clients, clock?: Clock): Ask => {
  const place = { ...engines.place, clients, ...(clock && { clock }) }
  const handler = door({ openStore: openStore(place), archive: openArchive(place) }, { LOG_LEVEL: 'OFF' })
  return (method, path, body, headers) =>
    askDoor(handler, eventOf(method, `/${path}`, { ...(body && { body }), ...(headers && { headers }) }))
}

/** How an attack within this process differs from the usual one. */
interface Variation {
  strict?: StrictOptions
  kinds?: readonly string[]
  /** Returns how all is looked at. */
  calmly?: (engines: Engines) => Ask
}

/** Runs an attack within this process, the engines quick and well again when all is looked at. */
const within = async (
  asking: (engines: Engines, chance: Chance) => Ask,
  goesOn: (engines: Engines) => boolean,
  { strict = testOptions, kinds, calmly = (engines) => askingBy(engines, engines.clients) }: Variation = {},
): Promise<Tally> => {
  const engines = await startEngines({ strict })
  try {
    let looking = false
    return await attack({
      seed,
      writers: 8,
      goesOn: () => {
        if (goesOn(engines)) return true
        if (!looking) engines.strict.change(laptopOptions)
        looking = true
        return false
      },
      asking: (chance) => asking(engines, chance),
      ...(kinds && { kinds }),
      calmly: calmly(engines),
    })
  } finally {
    await engines.stop()
  }
}

const most = 3_600_000

/** Returns how a stack is asked. */
const askingOf =
  ({ url }: Stack): Ask =>
  async (method, path, body, headers) => {
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: { 'Content-Type': 'application/fhir+json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, json: text ? JSON.parse(text) : {} }
  }

test(
  'of conditional creates that race in eight workers with skewed clocks one makes a resource',
  async () => {
    const stack = await startStack({ open: true, environments: 8, strict: { ...testOptions, seed } })
    const ask = askingOf(stack)
    const races = Math.max(8, goal('races'))
    try {
      let acknowledged = 0
      for (let number = 0; number < races; number++) {
        const answers = await Promise.all(Array.from({ length: 8 }, () => ask(...conditionalCreate(number))))
        expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1)
        if (answers.some(({ status }) => status === 200 || status === 201)) acknowledged++
      }
      const sought = Array.from({ length: races }, (_, number) => ({ number, kind: 'conditional create' }))
      const counts = [...(await lookAt(ask, sought)).values()].map(({ count }) => count)
      console.log(`races: ${JSON.stringify({ seed, races, acknowledged })}`)
      expect(counts.filter((count) => count > 1)).toEqual([])
      expect(counts.filter((count) => count === 1).length).toBeGreaterThanOrEqual(acknowledged)
      expect(acknowledged).toBeGreaterThan(races / 2)
    } finally {
      await stack.stop()
    }
  },
  most,
)

test(
  'loses, halves and doubles nothing though workers are killed',
  async () => {
    const stack = await startStack({ open: true, environments: 8, strict: testOptions })
    let answers = 0
    const ask: Ask = async (...asked) => {
      const answer = await askingOf(stack)(...asked)
      answers++
      return answer
    }
    try {
      const chance = seededChance(seed)
      let kills = 0
      let over = false
      const killing = (async () => {
        while (kills < goal('kills')) {
          const next = answers + chance.whole(1, 12)
          while (answers < next) await sleep(5)
          await sleep(chance.whole(0, 20))
          const pid = chance.pick(stack.pids())
          try {
            process.kill(pid, 'SIGKILL')
            kills++
          } catch {
            // It has died already, and its successor is on its way.
          }
        }
        over = true
      })()
      const tally = await attack({
        seed,
        writers: 8,
        goesOn: () => {
          if (over) stack.strict.change(laptopOptions)
          return !over
        },
        asking: () => ask,
        calmly: ask,
      })
      await killing
      expectWhole('kills', kills, tally)
    } finally {
      await stack.stop()
    }
  },
  most,
)

/** Returns how a process asks that stops at any of its calls, and counts that it did. */
const stopping =
  (stopped: () => void) =>
  (engines: Engines, chance: Chance): Ask => {
    const last = chance.whole(1, chance.happens(0.3) ? 60 : 12)
    let counted = false
    const at = (_: unknown, nth: number): boolean => {
      if (nth === last && !counted) {
        counted = true
        stopped()
      }
      return nth >= last
    }
    return askingBy(engines, failingAt(engines.clients, chance.happens(0.5) ? { before: at } : { after: at }))
  }

test(
  'loses, halves and doubles nothing though processes stop at any call',
  async () => {
    let stops = 0
    const tally = await within(
      stopping(() => stops++),
      () => stops < goal('stops'),
    )
    expectWhole('stops', stops, tally)
  },
  most,
)

/** Returns how readers ask for whom days have passed: neither their own clock nor the database's says otherwise. */
const daysLater =
  (days: number) =>
  (engines: Engines): Ask =>
    askingBy(
      engines,
      sending(engines.clients, (_, send) => send()),
      {
        now: () => Date.now() + days * 86_400_000,
        monotonic: () => performance.now(),
        sleep: (milliseconds) => sleep(milliseconds),
      },
    )

for (const days of [1, 40])
  test(
    `shows transactions whole ${days} days after their writers stopped, though nobody settled them`,
    async () => {
      let stops = 0
      const tally = await within(
        stopping(() => stops++),
        () => stops < Math.max(12, goal('clock')),
        {
          kinds: ['transaction', 'large transaction', 'large transaction of new resources'],
          calmly: daysLater(days),
        },
      )
      expectWhole(`stops, ${days} days later`, stops, tally)
    },
    most,
  )

test(
  'loses, halves and doubles nothing though engines and connections fail',
  async () => {
    const faultsOf = ({ strict }: Engines): number =>
      Object.entries(strict.counts()).reduce((sum, [name, n]) => sum + (name.startsWith('fault') ? n : 0), 0)
    let met = 0
    let hottest: Heat[] = []
    const tally = await within(
      (engines) => askingBy(engines, engines.clients),
      (engines) => {
        met = faultsOf(engines)
        hottest = engines.strict.hottest(3)
        return met < goal('proxied')
      },
      {
        strict: {
          ...testOptions,
          seed,
          heat: { limitKeys: true, limitTables: true },
          faults: { ...everyFault(0.02), hung: 0.0005, hangMilliseconds: 6_000 },
        },
      },
    )
    console.log(`the hottest keys: ${JSON.stringify(hottest)}`)
    expect(hottest).toHaveLength(3)
    for (const { kind, peak } of hottest) expect(peak).toBeLessThanOrEqual(2 * limits.key[kind])
    expectWhole('faults by proxy', met, tally)
  },
  most,
)

const names = [
  'InternalServerError',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionInProgressException',
  'TimeoutError',
  'ExpiredTokenException',
  'SlowDown',
] as const

const fails = (chance: Chance): Error => Object.assign(new Error('A fault.'), { name: chance.pick(names) })

test(
  'loses, halves and doubles nothing though calls fail above the client',
  async () => {
    let met = 0
    const tally = await within(
      (engines, chance) => {
        const often = chance.pick([0.05, 0.2, 0.4])
        const clients = sending(engines.clients, async (_, send) => {
          if (!chance.happens(often)) return send()
          met++
          if (chance.happens(0.5)) throw fails(chance)
          await send()
          throw fails(chance)
        })
        return askingBy(engines, clients)
      },
      () => met < goal('above'),
    )
    expectWhole('faults above the client', met, tally)
  },
  most,
)
