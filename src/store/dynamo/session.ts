import {
  BatchExecuteStatementCommand,
  type BatchExecuteStatementCommandInput,
  BatchGetCommand,
  type BatchGetCommandInput,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DeleteCommand,
  type DeleteCommandInput,
  GetCommand,
  type GetCommandInput,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { isKind } from '../../outcome/failure.ts'
import type { Build, Definitions } from '../definitions.ts'
import { engineFailure } from '../engine-failure.ts'
import type { Meter } from '../meter.ts'
import type { Clients } from './clients.ts'
import type { State } from './items.ts'

/** The names of the three tables. */
export interface Tables {
  resources: string
  search: string
  system: string
}

/** Time as the store sees it, so that tests can move it. */
export interface Clock {
  /** The wall clock: milliseconds since 1970. It may be wrong, jump and stand still: correctness rests on it nowhere. */
  now(): number
  /** Milliseconds since some moment of this process: never goes back, and tells nothing to other processes. */
  monotonic(): number
  sleep(milliseconds: number): Promise<void>
}

/** How long others watch and wait for a transaction or a lock, in milliseconds. */
export interface Timing {
  /** A process that has watched a transaction for so long, and saw no sign of life, may end it. */
  lease: number
  patience: number
  /** For how long a writer trusts what it has read of the tenant's definitions. */
  definitions: number
}

/** What a process knows of a tenant's definitions, and when it last asked. */
export interface Known {
  definitions: Definitions
  asked: { wall: number; monotonic: number }
}

/** A transaction as this process first saw it: when, by its own monotonic clock, and how often it had shown life. */
export interface Watched {
  since: number
  beat: number
}

/** What all requests of one process share: final transaction states, the marks that are written already, and definitions. */
export interface Memory {
  watched: Map<string, Watched>
  /** When the open transactions of a tenant were last asked for, by the monotonic clock. */
  openAsked: Map<string, number>
  /** Writes of several resources that requests have met, and at which moment of this process those had ended. */
  committed: {
    moments: number
    lists: Map<string, number>
    /** When, by the monotonic clock, an item of a write was first met that may not be visible as a whole yet. */
    met: Map<string, number>
  }
  definitions: Map<string, Known>
  states: Map<string, State>
  marks: Set<string>
}

/** One tenant's store during one request. */
export interface Session {
  tenant: string
  tables: Tables
  bucket: string
  clients: Clients
  clock: Clock
  timing: Timing
  memory: Memory
  build?: () => Promise<Build>
  meter: Meter
  underWay: number
  /** How many calls were sent more than once, or got no answer: each may have taken effect without our knowing. */
  repeated: number
}

/** Returns the name an AWS error or its like goes by. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : '')

interface Attempted {
  $metadata?: { attempts?: number | undefined } | undefined
}

/** Returns whether a call was sent more than once, or was not answered: an earlier sending may have taken effect. */
const isDoubtful = (came: unknown): boolean =>
  isKind(came, 'busy') || ((came as Attempted | undefined)?.$metadata?.attempts ?? 1) > 1

interface Capacity {
  CapacityUnits?: number | undefined
}

interface Answer {
  ConsumedCapacity?: Capacity | Capacity[] | undefined
}

const unitsOf = ({ ConsumedCapacity: consumed = [] }: Answer): number =>
  [consumed].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)

const counted = async <Out>(session: Session, call: () => Promise<Out>): Promise<Out> => {
  const { meter } = session
  meter.calls++
  if (session.underWay++ === 0) meter.rounds++
  try {
    const answer = await call()
    if (isDoubtful(answer)) session.repeated++
    return answer
  } catch (error) {
    const thrown = engineFailure(error)
    if (isDoubtful(thrown)) session.repeated++
    throw thrown
  } finally {
    session.underWay--
  }
}

const metered = async <Out extends object>(
  session: Session,
  units: 'readUnits' | 'writeUnits',
  call: () => Promise<Out>,
): Promise<Out> => {
  const answer = await counted(session, call)
  session.meter[units] += unitsOf(answer)
  return answer
}

/**
 * Returns the database's time in milliseconds since 1970, to the second: what its last answer said, and how much time has
 * gone by since on the monotonic clock. Our own wall clock is asked only where no answer said it.
 */
export const databaseTime = ({ clients, clock }: Session): number => {
  const heard = clients.heard?.()
  return heard ? heard.date + (performance.now() - heard.at) : clock.now()
}

const total = { ReturnConsumedCapacity: 'TOTAL' } as const

/** Sends GetItem. */
export const getItem = (session: Session, params: GetCommandInput) =>
  metered(session, 'readUnits', () => session.clients.dynamo.send(new GetCommand({ ...params, ...total })))

/** Sends BatchGetItem. */
export const batchGet = (session: Session, params: BatchGetCommandInput) =>
  metered(session, 'readUnits', () =>
    session.clients.dynamo.send(new BatchGetCommand({ ...params, ...total })),
  )

/** Sends Query. */
export const query = (session: Session, params: QueryCommandInput) =>
  metered(session, 'readUnits', () => session.clients.dynamo.send(new QueryCommand({ ...params, ...total })))

/** Sends Scan. */
export const scan = (session: Session, params: ScanCommandInput) =>
  metered(session, 'readUnits', () => session.clients.dynamo.send(new ScanCommand({ ...params, ...total })))

/** Sends PutItem. */
export const putItem = (session: Session, params: PutCommandInput) =>
  metered(session, 'writeUnits', () => session.clients.dynamo.send(new PutCommand({ ...params, ...total })))

/** Sends UpdateItem. */
export const updateItem = (session: Session, params: UpdateCommandInput) =>
  metered(session, 'writeUnits', () =>
    session.clients.dynamo.send(new UpdateCommand({ ...params, ...total })),
  )

/** Sends DeleteItem. */
export const deleteItem = (session: Session, params: DeleteCommandInput) =>
  metered(session, 'writeUnits', () =>
    session.clients.dynamo.send(new DeleteCommand({ ...params, ...total })),
  )

/** Sends BatchWriteItem. */
export const batchWrite = (session: Session, params: BatchWriteCommandInput) =>
  metered(session, 'writeUnits', () =>
    session.clients.dynamo.send(new BatchWriteCommand({ ...params, ...total })),
  )

/** Sends TransactWriteItems. */
export const transactWrite = (session: Session, params: TransactWriteCommandInput) =>
  metered(session, 'writeUnits', () =>
    session.clients.dynamo.send(new TransactWriteCommand({ ...params, ...total })),
  )

/** Sends BatchExecuteStatement with statements that write. */
export const executeStatements = (session: Session, params: BatchExecuteStatementCommandInput) =>
  metered(session, 'writeUnits', () =>
    session.clients.dynamo.send(new BatchExecuteStatementCommand({ ...params, ...total })),
  )

/** Puts an object into the bucket. */
export const putObject = (session: Session, key: string, body: Uint8Array): Promise<void> =>
  counted(session, () => session.clients.bucket.put(session.bucket, key, body))

/** Returns an object of the bucket. */
export const getObject = (session: Session, key: string): Promise<Uint8Array> =>
  counted(session, () => session.clients.bucket.get(session.bucket, key))

/** Removes an object from the bucket. */
export const removeObject = (session: Session, key: string): Promise<void> =>
  counted(session, () => session.clients.bucket.remove(session.bucket, key))

/** Waits before the nth try again: doubling from 20 ms up to 640 ms, spread by chance. Returns how long it was. */
export const pause = async ({ clock }: Session, attempt: number): Promise<number> => {
  const milliseconds = 20 * 2 ** Math.min(attempt, 5) * (0.5 + Math.random() / 2)
  await clock.sleep(milliseconds)
  return milliseconds
}
