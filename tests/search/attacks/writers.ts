import { randomBytes } from 'node:crypto'
import { isKind } from '../../../src/outcome/failure.ts'
import { openStore } from '../../../src/store/dynamo/open.ts'
import type { Store, Version } from '../../../src/store/port.ts'
import type { Engines } from '../../store/engines.ts'
import { type Known, put, remove } from '../hospital.ts'

/** What a transaction wrote: version numbers by `Type/id`. */
export type Written = ReadonlyMap<string, number>

/** Every attempt at a transaction is noted before it is made, by the stamp that its resources carry. */
export interface Ledger {
  attempts: Map<string, Written>
  commits: number
}

export const newLedger = (): Ledger => ({ attempts: new Map(), commits: 0 })

const nameOf = ({ type, id }: Version): string => `${type}/${id}`

export const stampOf = ({ text }: Version): string | undefined =>
  text === '' ? undefined : (JSON.parse(text) as { language?: string }).language

/** Returns a resource as a transaction leaves it; undefined where it is deleted. */
export type Change = (before: Version | undefined, id: string) => Known | undefined

let last = Date.parse('2026-11-01T00:00:00Z')

/** Changes resources in one transaction, which leaves its stamp on each; another's change in between makes it none. */
export const transact = async (
  store: Store,
  ledger: Ledger,
  keys: readonly { type: string; id: string }[],
  change: Change,
): Promise<boolean> => {
  const stamp = randomBytes(9).toString('base64url')
  const before = await store.get(keys)
  const t = new Date(++last).toISOString()
  const writes = keys.flatMap((key, at) => {
    const resource = change(before[at], key.id)
    if (resource) return [put({ ...resource, language: stamp }, t, before[at])]
    const there = before[at]
    return there && !there.deleted ? [remove(there, t)] : []
  })
  ledger.attempts.set(stamp, new Map(writes.map(({ type, id, v }) => [`${type}/${id}`, v])))
  try {
    await store.commit(writes)
    ledger.commits++
    return true
  } catch (error) {
    if (isKind(error, 'version-conflict') || isKind(error, 'conflict')) return false
    throw error
  }
}

/** Returns what an answer shows of transactions in part, and what stands in it twice. */
export const faultsIn = (ledger: Ledger, shown: readonly Version[]): string[] => {
  const versions = new Map(shown.map((version) => [nameOf(version), version.v]))
  const twice = versions.size < shown.length ? ['something stands twice'] : []
  const halves = shown.flatMap((version) =>
    [...(ledger.attempts.get(stampOf(version) ?? '') ?? [])].flatMap(([name, v]) =>
      versions.has(name) && (versions.get(name) ?? 0) < v
        ? [`${nameOf(version)} is of a transaction that left ${name} at ${v}, shown at ${versions.get(name)}`]
        : [],
    ),
  )
  return [...twice, ...halves]
}

let tenants = 0

/** Returns eight workers on a tenant of their own, which share nothing but the engines. */
export const eightWorkers = (engines: Engines): ((at: number) => Store) => {
  const tenant = `change${tenants++}`
  const workers = Array.from({ length: 8 }, () => openStore(engines.place))
  return (at) => (workers[at % 8] as (typeof workers)[number])(tenant)
}

/** Returns some members of a list, drawn at random. */
export const pick = <T>(from: readonly T[], count: number): T[] =>
  [...from].sort(() => Math.random() - 0.5).slice(0, count)

/** Returns writers, each on a worker of its own, of transactions that rewrite four of these Observations. */
export const rewriters = (
  count: number,
  store: (at: number) => Store,
  ledger: Ledger,
  ids: readonly string[],
  change: Change,
): (() => Promise<boolean>)[] =>
  Array.from({ length: count }, (_, at) => () => {
    const keys = pick(ids, 4).map((id) => ({ type: 'Observation', id }))
    return transact(store(at), ledger, keys, change)
  })

/** Runs work beside writers that never rest. */
export const beside = async (
  writers: readonly (() => Promise<unknown>)[],
  work: () => Promise<void>,
): Promise<void> => {
  let writing = true
  const running = writers.map(async (write) => {
    while (writing) await write()
  })
  try {
    await work()
  } finally {
    writing = false
    await Promise.all(running)
  }
}

/** Reads by four workers, so many times and on until the writers have made so many commits. */
export const readOften = async (
  ledger: Ledger,
  { times, commits }: { times: number; commits: number },
  read: (at: number) => Promise<void>,
): Promise<void> => {
  let left = times
  const reader = async (_: unknown, at: number): Promise<void> => {
    while (left-- > 0 || ledger.commits <= commits) await read(at + 3)
  }
  await Promise.all(Array.from({ length: 4 }, reader))
}
