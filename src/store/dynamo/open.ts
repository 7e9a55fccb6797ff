import type { Build, Definitions } from '../definitions.ts'
import { sleep } from '../parallel.ts'
import type { OpenStore } from '../port.ts'
import type { Clients } from './clients.ts'
import { exactVersion, exactVersions, versionsBelow } from './read/exact.ts'
import { currentVersions, readCandidates } from './read/read.ts'
import { beginReading } from './read/visible.ts'
import type { Clock, ProcessMemory, Session, TableNames, Timing } from './session.ts'

/** The store's tables, bucket and connections; tests set the clock and the timing. */
export interface StorePlace {
  tables: TableNames
  bucket: string
  clients: Clients
  clock?: Clock
  timing?: Partial<Timing>
  /** Returns the build of the running software. */
  build?: () => Promise<Build>
}

const realClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep,
}

const usualTiming: Timing = { lease: 30_000, patience: 2_000, definitions: 2_000 }

/** Returns a function that opens a tenant's session. Sessions share a memory of facts that never change. */
export const openSession = ({ clock = realClock, timing, ...place }: StorePlace) => {
  const memory: ProcessMemory = {
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

/**
 * Returns the grace after a change of the definitions, in milliseconds: a flip is sent within twice the time that
 * definitions are trusted, and may then wait for other transactions.
 */
const graceOf = ({ definitions }: Timing): number => definitions * 5

const noDefinitions: Definitions = { version: 0, text: '[]' }

/**
 * Returns a function that opens a tenant's store for a request, on DynamoDB and S3. The code for writes is loaded by the
 * first write.
 */
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
      progress: async (name) => (await import('./index/progress.ts')).readProgress(session, name),
      keepProgress: async (name, kept) =>
        (await import('./index/progress.ts')).keepProgress(session, name, kept),
      define: async (next) => (await import('./changes.ts')).putDefinitions(session, next),
      announcement: async () => (await import('./index/announcement.ts')).currentAnnouncement(session),
      announce: async (next) => (await import('./changes.ts')).putAnnouncement(session, next),
      get: (keys) => currentVersions(session, keys),
      version: (key, v) => exactVersion(session, key, v),
      exactly: (keys) => exactVersions(session, keys),
      below: (keys, limit) => versionsBelow(session, keys, limit),
      reading: () => beginReading(session),
      page: (range) => readCandidates(session, range),
      labels: async (type) => (await import('./index/marks.ts')).labels(session, type),
      history: async (scope) => (await import('./read/history.ts')).readHistory(session, scope),
      lock: async (names) => (await import('./changes.ts')).lock(session, names),
      release: async (taken) => (await import('./changes.ts')).release(session, taken),
      keepResult: async (name, taken, record) =>
        (await import('./changes.ts')).keepResult(session, name, taken, record),
      keptResult: async (name) => (await import('./changes.ts')).keptResult(session, name),
      purge: async (key, entirely) => (await import('./purge.ts')).purge(session, key, entirely),
      commit: async (...args) => (await import('./changes.ts')).commitWrites(session, ...args),
      audit: async () => (await import('./index/audit.ts')).auditOf(session),
    }
  }
}
