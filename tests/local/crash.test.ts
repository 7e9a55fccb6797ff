import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { sampleOf } from '../fhir/sample.ts'
import { type Asking, askDoor, eventOf, type Told } from '../handlers/caller.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { leapingClock } from '../store/faults.ts'
import { type CrashCase, crashCases, observation } from './crash-cases.ts'
import type { CrashOrder } from './crash-writer.ts'

/** `npm run test:long -- crash` kills every case at every call; otherwise every other case at some, which `CRASH_SEED` chooses. */
const { CRASH_SHARE = '0.05', CRASH_SEED = '1' } = process.env
const share = Number(CRASH_SHARE)
const lease = 31_000

const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))

interface Came {
  killed: boolean
  status?: number
  calls?: number
}

/** What anybody can see of a run: what is served, by every way of finding it. */
interface View {
  living: Record<string, number>
  found: readonly Record<string, number>[]
  versions: Record<string, string>
  provenances: number
}

type Ask = (method: string, target: string, asking?: Asking) => Promise<Told>

interface Observation {
  id: string
  meta: { versionId: string }
  code: { coding: { code: string }[] }
}

describe('a process that is killed between two calls of the store', () => {
  let engines: Engines
  let idle: ChildProcess[]
  beforeAll(async () => {
    engines = await startEngines()
    idle = Array.from({ length: 4 }, () => start())
  })
  afterAll(async () => {
    for (const child of idle ?? []) child.kill('SIGKILL')
    await engines?.stop()
  })

  const start = (): ChildProcess =>
    spawn(process.execPath, [writer], {
      env: { ...process.env, ...engines.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })

  /** A process is loaded while others work; one that lives to answer obeys again. */
  const obeyed = async (order: CrashOrder): Promise<Came> => {
    const child = idle.shift() ?? start()
    child.stdin?.write(`${JSON.stringify(order)}\n`)
    const said = await new Promise<string>((resolve) => {
      child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      child.once('close', () => resolve(''))
    })
    child.stdout?.removeAllListeners('data')
    child.removeAllListeners('close')
    if (said === '') expect(child.signalCode).toBe('SIGKILL')
    idle.push(said === '' ? start() : child)
    return said === '' ? { killed: true } : { killed: false, ...JSON.parse(said) }
  }

  /** A process that knows nothing yet; `leap` is the time that passes with every wait of its store. */
  const restarted = (leap = 0, env: CrashCase['env'] = {}): Ask => {
    const clock = leapingClock(leap)
    const store = openStore({ ...engines.place, clock, timing: { patience: 300 } })
    const handler = door({ openStore: store, archive: engines.archive }, { LOG_LEVEL: 'OFF', ...env })
    return (...asked) => askDoor(handler, eventOf(...asked))
  }

  const marksOf = (all: readonly Observation[]): Record<string, number> => {
    const marks = all.map(({ meta, code }) => `${code.coding[0]?.code.split('-').at(-1)} ${meta.versionId}`)
    const groups = Object.groupBy(marks.sort(), (mark) => mark)
    return Object.fromEntries(Object.entries(groups).map(([mark, each = []]) => [mark, each.length]))
  }

  /** A search whose reading lasts too long, as it may where the clock leaps, is told to come again. */
  const searched = async (ask: Ask, criteria: string, attempts = 5): Promise<Observation[]> => {
    const { status, json, text } = await ask('GET', `/Observation?${criteria}&_count=1000`)
    if (status === 503 && attempts > 1) return searched(ask, criteria, attempts - 1)
    expect(status, text).toBe(200)
    return (json.entry ?? []).map(({ resource }: { resource: Observation }) => resource)
  }

  const viewOf = async (ask: Ask, run: string, names: readonly string[]): Promise<View> => {
    const all = await searched(ask, `identifier=urn:crash|${run}`)
    const found = [...(await searched(ask, `code=${run}-old`)), ...(await searched(ask, `code=${run}-new`))]
    const ways = [found, await searched(ask, `patient=${run}&date=2026-03`)]
    const versions: View['versions'] = {}
    for (const name of names) {
      const read = await ask('GET', `/Observation/${run}-${name}`)
      const past = await ask('GET', `/Observation/${run}-${name}/_history?_count=100`)
      const entries: { resource?: Observation }[] = past.json.entry ?? []
      versions[name] = `${read.status}: ${entries.map(({ resource }) => resource?.meta.versionId ?? 'gone')}`
    }
    for (const { id, meta } of all.filter((_, i) => i % 12 === 0))
      expect((await ask('GET', `/Observation/${id}`)).json.meta.versionId).toBe(meta.versionId)
    const told = await ask('GET', `/Provenance?target=Observation/${run}-a&_summary=count`)
    return { living: marksOf(all), found: ways.map(marksOf), versions, provenances: told.json.total }
  }

  const prepared = async ({ old, besides, ask }: CrashCase, name: string) => {
    const run = `r${randomBytes(5).toString('hex')}`
    for (const id of old)
      await restarted()('PUT', `/Observation/${run}-${id}`, { body: observation(run, 'old', id) })
    if (besides) await restarted()(...besides(run))
    const entries = (ask(run)[2].body as { entry?: { request: { url: string } }[] })?.entry ?? []
    const named = entries
      .map(({ request }) => request.url.split(`${run}-`)[1])
      .filter((id) => id !== undefined)
    const names = [...new Set([...old, ...named.slice(0, 6)])]
    return { run, names, before: await viewOf(restarted(), run, names), order: { name, run } }
  }

  /** What the request makes of it where nothing stops it, and of how many calls it is. */
  const undisturbed = async (each: CrashCase, name: string) => {
    const { run, names, before, order } = await prepared(each, name)
    const { status = 0, calls = 0 } = await obeyed({ ...order, at: 0, kind: 'before' })
    expect(status).toBeLessThan(300)
    const done = await viewOf(restarted(), run, names)
    expect([done.living, ...done.found]).toEqual([each.becomes, each.becomes, each.becomes])
    expect(done).not.toEqual(before)
    return { calls, done }
  }

  const repeated = async (each: CrashCase, run: string): Promise<void> => {
    const ask = restarted(lease, each.env)
    const first = await ask(...each.ask(run))
    expect(first.status, first.text).toBeLessThan(300)
    if (!each.keyed) return
    const second = await ask(...each.ask(run))
    const withoutIds = ({ headers, json }: Told) => [headers.Location, json.entry ?? json]
    expect(withoutIds(second)).toEqual(withoutIds(first))
  }

  const killedAt = async (
    each: CrashCase,
    name: string,
    done: View,
    at: number,
    kind: 'before' | 'after',
  ) => {
    const { run, names, before, order } = await prepared(each, name)
    const came = await obeyed({ ...order, at, kind })
    const seen = await viewOf(restarted(), run, names)
    const isDone = JSON.stringify(seen) === JSON.stringify(done)
    if (!each.partial) expect(seen, `${name}, killed ${kind} call ${at}`).toEqual(isDone ? done : before)
    if (!came.killed) expect([came.status, isDone]).toEqual([expect.any(Number), true])
    if (each.repeatable || !isDone) await repeated(each, run)
    expect(await viewOf(restarted(lease), run, names)).toEqual(done)
    return { killed: came.killed, isDone }
  }

  const chosen = ({ long }: CrashCase, name: string, calls: number) => {
    const all = Array.from({ length: calls }, (_, i) => i + 1).flatMap((at) => [
      { at, kind: 'before' as const },
      { at, kind: 'after' as const },
    ])
    const wanted = share >= 1 ? all.length : Math.max(2, Math.ceil(all.length * (long ? share / 10 : share)))
    return sampleOf(all, wanted, CRASH_SEED, ({ at, kind }) => `${name} ${kind} ${at}`)
  }

  const cases = Object.entries(crashCases).filter((_, i) => share >= 1 || (i + Number(CRASH_SEED)) % 2 === 0)
  for (const [name, each] of cases) {
    test.concurrent(`leaves all or nothing of a ${name}, and a repetition succeeds`, async () => {
      const { calls, done } = await undisturbed(each, name)
      const outcomes = { killed: 0, done: 0 }
      const stops = chosen(each, name, calls)
      for (const { at, kind } of stops) {
        const { killed, isDone } = await killedAt(each, name, done, at, kind)
        outcomes.killed += Number(killed)
        outcomes.done += Number(isDone)
      }
      if (share >= 1) console.log(`${name}: ${calls} calls, ${JSON.stringify(outcomes)}`)
      expect(outcomes.killed).toBeGreaterThan(0)
    }, 3_600_000)
  }
})
