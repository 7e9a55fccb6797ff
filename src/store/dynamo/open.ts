import type { Build, Definitions } from '../definitions.ts'
import { sleep } from '../parallel.ts'
import type { OpenStore } from '../port.ts'
import type { Clients } from './clients.ts'
import { exactVersions, version, versionsBelow } from './read/exact.ts'
import { get, page } from './read/read.ts'
import { beginReading } from './read/visible.ts'
import type { Clock, Memory, Session, Tables, Timing } from './session.ts'

/** Where the store's tables and bucket are; the clock and the timing are for tests to change. */
export interface StorePlace {
  tables: Tables
  bucket: string
  clients: Clients
  clock?: Clock
  timing?: Partial<Timing>
  /** Tells which build of the software writes. */
  build?: () => Promise<Build>
}

const realClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep,
}

const usualTiming: Timing = { lease: 30_000, patience: 2_000, definitions: 2_000 }

/** Returns a function that opens one tenant's session; what is final is remembered across requests. */
export const openSession = ({ clock = realClock, timing, ...place }: StorePlace) => {
  const memory: Memory = {
    states: new Map(),
    marks: new Set(),
    definitions: new Map(),
    watched: new Map(),
    openAsked: new Map(),
    committed: { moments: 0, lists: new Map(), met: new Map() },
  }
  return (tenant: string): Session => ({
    ...place,
    tenant,
    clock,
    timing: { ...usualTiming, ...timing },
    memory,
    meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
    underWay: 0,
    repeated: 0,
  })
}

/** A flip may be sent for two times as long as definitions are trusted, may wait for others, and takes its time. */
const graceOf = ({ definitions }: Timing): number => definitions * 5

const noDefinitions: Definitions = { version: 0, text: '[]' }

/** Returns a function that opens one tenant's store for one request, on DynamoDB and S3; what only writes need is loaded by the first. */
export const openStore = (place: StorePlace): OpenStore => {
  const sessionOf = openSession(place)
  return (tenant) => {
    const session = sessionOf(tenant)
    return {
      meter: session.meter,
      grace: graceOf(session.timing),
      knownDefinitions: () => session.memory.definitions.get(tenant)?.definitions ?? noDefinitions,
      definitions: async () => (await import('./index/definitions.ts')).currentDefinitions(session),
      builds: async () => (await import('./index/progress.ts')).builds(session),
      forgetBuilds: async (prints) => (await import('./index/progress.ts')).forgetBuilds(session, prints),
      progress: async (name) => (await import('./index/progress.ts')).progress(session, name),
      keepProgress: async (name, kept) =>
        (await import('./index/progress.ts')).keepProgress(session, name, kept),
      define: async (next) => (await import('./changes.ts')).define(session, next),
      announcement: async () => (await import('./index/announcement.ts')).currentAnnouncement(session),
      announce: async (next) => (await import('./changes.ts')).announce(session, next),
      get: (keys) => get(session, keys),
      version: (key, v) => version(session, key, v),
      exactly: (keys) => exactVersions(session, keys),
      below: (keys, limit) => versionsBelow(session, keys, limit),
      reading: () => beginReading(session),
      page: (range) => page(session, range),
      labels: async (type) => (await import('./index/marks.ts')).labels(session, type),
      history: async (scope) => (await import('./read/history.ts')).history(session, scope),
      lock: async (names) => (await import('./changes.ts')).lock(session, names),
      release: async (taken) => (await import('./changes.ts')).release(session, taken),
      keepResult: async (name, taken, once) =>
        (await import('./changes.ts')).keepResult(session, name, taken, once),
      keptResult: async (name) => (await import('./changes.ts')).keptResult(session, name),
      purge: async (key, entirely) => (await import('./purge.ts')).purge(session, key, entirely),
      commit: async (...what) => (await import('./changes.ts')).commit(session, ...what),
      audit: async () => (await import('./index/audit.ts')).auditOf(session),
    }
  }
}
