/** Kills, stops and faults over all kinds of writes; `npm run test:long -- strict` does as many as docs/aws.md states. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { door } from '../../../../src/handlers/door.ts'
import { startStack } from '../../../../src/local/stack.ts'
import { type Chance, seededChance } from '../../../../src/local/strict/chance.ts'
import { everyFault, laptopOptions, testOptions } from '../../../../src/local/strict/options.ts'
import { openArchive } from '../../../../src/store/archive.ts'
import type { Clients } from '../../../../src/store/dynamo/clients.ts'
import { openStore } from '../../../../src/store/dynamo/open.ts'
import { askDoor, eventOf } from '../../../handlers/caller.ts'
import { type Engines, startEngines } from '../../../store/engines.ts'
import { failingAt, sending } from '../../../store/faults.ts'
import { attack, type Tally } from './attack.ts'
import type { Ask } from './writes.ts'

const seed = Number(process.env.STRICT_SEED ?? 1)
/** Which part of the full numbers is done. */
const share = Number(process.env.STRICT_SHARE ?? 0.004)
const full = { kills: 1_500, stops: 2_000, proxied: 10_000, above: 30_000 }
const goal = (name: keyof typeof full): number => Math.ceil(full[name] * share)

const expectWhole = (name: string, reached: number, tally: Tally): void => {
  console.log(`${name}: ${JSON.stringify({ seed, reached, ...tally })}`)
  expect(tally).toMatchObject({ lost: 0, half: 0, doubled: 0, examples: [] })
  expect(tally.acknowledged).toBeGreaterThan(0)
  expect(reached).toBeGreaterThanOrEqual(1)
}

/** Returns how a door over these clients is asked. */
const askingBy = (engines: Engines, clients: Clients): Ask => {
  const place = { ...engines.place, clients }
  const handler = door({ openStore: openStore(place), archive: openArchive(place) }, { LOG_LEVEL: 'OFF' })
  return (method, path, body, headers) =>
    askDoor(handler, eventOf(method, `/${path}`, { ...(body && { body }), ...(headers && { headers }) }))
}

/** Runs an attack within this process, the engines quick and well again when all is looked at. */
const within = async (
  asking: (engines: Engines, chance: Chance) => Ask,
  goesOn: (engines: Engines) => boolean,
  strict = testOptions,
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
      calmly: askingBy(engines, engines.clients),
    })
  } finally {
    await engines.stop()
  }
}

const most = 3_600_000

test(
  'loses, halves and doubles nothing though workers are killed',
  async () => {
    const stack = await startStack({ open: true, environments: 8, strict: testOptions })
    let answers = 0
    const ask: Ask = async (method, path, body, headers) => {
      const response = await fetch(`${stack.url}/${path}`, {
        method,
        headers: { 'Content-Type': 'application/fhir+json', ...headers },
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      answers++
      return { status: response.status, json: text ? JSON.parse(text) : {} }
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

test(
  'loses, halves and doubles nothing though processes stop at any call',
  async () => {
    let stops = 0
    const tally = await within(
      (engines, chance) => {
        const last = chance.whole(1, chance.happens(0.3) ? 60 : 12)
        let counted = false
        const at = (_: unknown, nth: number): boolean => {
          if (nth === last && !counted) {
            counted = true
            stops++
          }
          return nth >= last
        }
        return askingBy(
          engines,
          failingAt(engines.clients, chance.happens(0.5) ? { before: at } : { after: at }),
        )
      },
      () => stops < goal('stops'),
    )
    expectWhole('stops', stops, tally)
  },
  most,
)

test(
  'loses, halves and doubles nothing though engines and connections fail',
  async () => {
    const faultsOf = ({ strict }: Engines): number =>
      Object.entries(strict.counts()).reduce((sum, [name, n]) => sum + (name.startsWith('fault') ? n : 0), 0)
    let met = 0
    const tally = await within(
      (engines) => askingBy(engines, engines.clients),
      (engines) => {
        met = faultsOf(engines)
        return met < goal('proxied')
      },
      { ...testOptions, seed, faults: { ...everyFault(0.01), hung: 0.0005, hangMilliseconds: 6_000 } },
    )
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
        const often = chance.pick([0.01, 0.05, 0.2])
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
