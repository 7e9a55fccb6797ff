import { isKind } from '../../src/outcome/failure.ts'
import type { Clients } from '../../src/store/dynamo/clients.ts'
import type { Clock } from '../../src/store/dynamo/session.ts'

/** A call on its way to an engine. */
export interface Call {
  constructor: { name: string }
  input: object
}

/** Where a process stops: before or after a call, or it waits there for something else to happen meanwhile. */
export type Stop =
  | { before: (call: Call, nth: number) => boolean }
  | { after: (call: Call, nth: number) => boolean }
  | { wait: (call: Call, nth: number) => boolean; meanwhile: () => Promise<void> }

/** What a stopped process can no longer do anything about. */
export class Stopped extends Error {
  constructor() {
    super('stopped')
  }
}

type Send = (call: Call) => Promise<unknown>

type Around = <Answer>(call: Call, send: () => Promise<Answer>) => Promise<Answer>

/** Returns clients all of whose calls go through a function. */
export const sending = (clients: Clients, through: Around): Clients => {
  const send: Send = (call) =>
    through(call, () => (clients.dynamo.send as unknown as Send).call(clients.dynamo, call))
  const { get, put, remove, keys } = clients.bucket
  const object = (name: string, key: string): Call => ({ constructor: { name }, input: { key } })
  const bucket: Clients['bucket'] = {
    get: (place, key) => through(object('get', key), () => get(place, key)),
    put: (place, key, body) => through(object('put', key), () => put(place, key, body)),
    remove: (place, key) => through(object('remove', key), () => remove(place, key)),
    keys: (place, prefix, after) => through(object('keys', prefix), () => keys(place, prefix, after)),
  }
  return { dynamo: { send }, bucket } as unknown as Clients
}

/** Returns clients that stop at a call and send nothing from then on; what is under way still arrives. */
export const failingAt = (clients: Clients, stop: Stop): Clients => {
  let stopped = false
  let nth = 0
  const underWay = new Set<Promise<unknown>>()
  const end = async (): Promise<never> => {
    await Promise.allSettled(underWay)
    throw new Stopped()
  }
  return sending(clients, async (call, send) => {
    nth++
    if ('before' in stop && stop.before(call, nth)) stopped = true
    if (stopped) return end()
    if ('wait' in stop && stop.wait(call, nth)) await stop.meanwhile()
    const last = 'after' in stop && stop.after(call, nth)
    const sent = send()
    underWay.add(sent)
    const answer = await sent
    underWay.delete(sent)
    if (last) stopped = true
    return stopped ? end() : answer
  })
}

/** Returns whether a call writes the record that commits a large transaction. */
export const isRecord = (call: Call): boolean =>
  call.constructor.name === 'PutCommand' && JSON.stringify(call.input).includes('"state":"committed"')

/** Returns whether a call creates resources as a journal says. */
export const isApplying = (call: Call): boolean =>
  call.constructor.name === 'BatchExecuteStatementCommand' && JSON.stringify(call.input).includes("'by': ?")

/** Does what a dead transaction stands in the way of: who is refused watches it for a lease, and then is not. */
export const outliving = async (
  clock: Pick<MovableClock, 'move'>,
  lease: number,
  attempt: () => Promise<void>,
): Promise<void> => {
  try {
    await attempt()
  } catch (thrown) {
    if (!isKind(thrown, 'conflict')) throw thrown
    clock.move(lease + 1)
    await attempt()
  }
}

/** A clock that a test moves forward, whose wall clock it can set wrong. */
export interface MovableClock extends Clock {
  /** Lets time go by. */
  move(milliseconds: number): void
  /** Sets the wall clock so far ahead of, or behind, the time; the monotonic clock stays as it is. */
  skew(milliseconds: number): void
}

/** Returns a clock that a test moves forward. */
export const movableClock = (): MovableClock => {
  let ahead = 0
  let wrong = 0
  return {
    now: () => Date.now() + ahead + wrong,
    monotonic: () => performance.now() + ahead,
    skew: (milliseconds) => {
      wrong = milliseconds
    },
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    move: (milliseconds) => {
      ahead += milliseconds
    },
  }
}

/** Returns a clock on which `leap` milliseconds pass with every wait, so that whoever waits has soon watched for a lease. */
export const leapingClock = (leap: number): MovableClock => {
  const clock = movableClock()
  return {
    ...clock,
    sleep: async (milliseconds) => {
      await clock.sleep(milliseconds)
      clock.move(leap)
    },
  }
}
