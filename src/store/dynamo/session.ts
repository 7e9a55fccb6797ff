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
import type { TransactionState } from './items.ts'

/** The names of the three tables. */
export interface TableNames {
  resources: string
  search: string
  system: string
}

/** The store's clock, which tests can move. */
export interface Clock {
  /**
   * Returns the wall clock's milliseconds since 1970. The clock may be wrong, jump or stop: correctness does not depend
   * on this clock.
   */
  now(): number
  /** Returns milliseconds since some moment of this process: never going back, without meaning for other processes. */
  monotonic(): number
  sleep(milliseconds: number): Promise<void>
}

/** The times that processes wait for one another, in milliseconds. */
export interface Timing {
  /** The time without a sign of life after which a process that watches a transaction may end it. */
  lease: number
  patience: number
  /** The time that a writer trusts the definitions it has read. */
  definitions: number
}

/** A tenant's definitions as this process knows them, and the instants of the last read by both clocks in milliseconds. */
export interface KnownDefinitions {
  definitions: Definitions
  asked: { wall: number; monotonic: number }
}

/**
 * A transaction that this process watches: the instant of the first look by the monotonic clock, and the count of signs
 * of life at that instant.
 */
export interface WatchedTransaction {
  since: number
  beat: number
}

/**
 * Facts that all requests of a process share: final states of transactions, marks that are written already, and
 * definitions.
 */
export interface ProcessMemory {
  watched: Map<string, WatchedTransaction>
  /** By tenant, the instant of the last read of its open transactions, by the monotonic clock. */
  openAsked: Map<string, number>
  /** Writes of several resources that requests have met, each with the count of moments at which the request had ended. */
  committed: {
    moments: number
    lists: Map<string, number>
    /**
     * By write, the instant by the monotonic clock at which its first item was met, for writes that may not be visible as
     * a whole yet.
     */
    met: Map<string, number>
  }
  definitions: Map<string, KnownDefinitions>
  states: Map<string, TransactionState>
  marks: Set<string>
}

/** A tenant's store during a request. */
export interface Session {
  tenant: string
  tables: TableNames
  bucket: string
  clients: Clients
  clock: Clock
  timing: Timing
  memory: ProcessMemory
  build?: () => Promise<Build>
  meter: Meter
  underWay: number
  /** The number of calls that were sent more than once or had no answer: each may have taken effect unnoticed. */
  repeated: number
}

/** Returns the name of an AWS error. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : '')

interface SentCall {
  $metadata?: { attempts?: number | undefined } | undefined
}

/** Returns whether a call was sent more than once or had no answer: an earlier sending may have taken effect. */
const isDoubtful = (came: unknown): boolean =>
  isKind(came, 'busy') || ((came as SentCall | undefined)?.$metadata?.attempts ?? 1) > 1

interface CapacityUsed {
  CapacityUnits?: number | undefined
}

interface MeteredAnswer {
  ConsumedCapacity?: CapacityUsed | CapacityUsed[] | undefined
}

const unitsOf = ({ ConsumedCapacity: consumed = [] }: MeteredAnswer): number =>
  [consumed].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)

const countedCall = async <Out>(session: Session, call: () => Promise<Out>): Promise<Out> => {
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

const meteredCall = async <Out extends object>(
  session: Session,
  units: 'readUnits' | 'writeUnits',
  call: () => Promise<Out>,
): Promise<Out> => {
  const answer = await countedCall(session, call)
  session.meter[units] += unitsOf(answer)
  return answer
}

/**
 * Returns the database's time in milliseconds since 1970, to the second: the date of its last answer and the time since,
 * by the monotonic clock. The wall clock is read only if no answer had a date.
 */
export const databaseTime = ({ clients, clock }: Session): number => {
  const heard = clients.heard?.()
  return heard ? heard.date + (performance.now() - heard.at) : clock.now()
}

const total = { ReturnConsumedCapacity: 'TOTAL' } as const

/** Sends GetItem. */
export const getItem = (session: Session, params: GetCommandInput) =>
  meteredCall(session, 'readUnits', () =>
    session.clients.dynamo.send(new GetCommand({ ...params, ...total })),
  )

/** Sends BatchGetItem. */
export const batchGet = (session: Session, params: BatchGetCommandInput) =>
  meteredCall(session, 'readUnits', () =>
    session.clients.dynamo.send(new BatchGetCommand({ ...params, ...total })),
  )

/** Sends Query. */
export const queryItems = (session: Session, params: QueryCommandInput) =>
  meteredCall(session, 'readUnits', () =>
    session.clients.dynamo.send(new QueryCommand({ ...params, ...total })),
  )

/** Sends Scan. */
export const scan = (session: Session, params: ScanCommandInput) =>
  meteredCall(session, 'readUnits', () =>
    session.clients.dynamo.send(new ScanCommand({ ...params, ...total })),
  )

/** Sends PutItem. */
export const putItem = (session: Session, params: PutCommandInput) =>
  meteredCall(session, 'writeUnits', () =>
    session.clients.dynamo.send(new PutCommand({ ...params, ...total })),
  )

/** Sends UpdateItem. */
export const updateItem = (session: Session, params: UpdateCommandInput) =>
  meteredCall(session, 'writeUnits', () =>
    session.clients.dynamo.send(new UpdateCommand({ ...params, ...total })),
  )

/** Sends DeleteItem. */
export const deleteItem = (session: Session, params: DeleteCommandInput) =>
  meteredCall(session, 'writeUnits', () =>
    session.clients.dynamo.send(new DeleteCommand({ ...params, ...total })),
  )

/** Sends BatchWriteItem. */
export const batchWrite = (session: Session, params: BatchWriteCommandInput) =>
  meteredCall(session, 'writeUnits', () =>
    session.clients.dynamo.send(new BatchWriteCommand({ ...params, ...total })),
  )

/** Sends TransactWriteItems. */
export const transactWrite = (session: Session, params: TransactWriteCommandInput) =>
  meteredCall(session, 'writeUnits', () =>
    session.clients.dynamo.send(new TransactWriteCommand({ ...params, ...total })),
  )

/** Sends BatchExecuteStatement with statements that write. */
export const executeStatements = (session: Session, params: BatchExecuteStatementCommandInput) =>
  meteredCall(session, 'writeUnits', () =>
    session.clients.dynamo.send(new BatchExecuteStatementCommand({ ...params, ...total })),
  )

/** Puts an object into the bucket. */
export const putObject = (session: Session, key: string, body: Uint8Array): Promise<void> =>
  countedCall(session, () => session.clients.bucket.put(session.bucket, key, body))

/** Returns an object of the bucket. */
export const getObject = (session: Session, key: string): Promise<Uint8Array> =>
  countedCall(session, () => session.clients.bucket.get(session.bucket, key))

/** Removes an object from the bucket. */
export const removeObject = (session: Session, key: string): Promise<void> =>
  countedCall(session, () => session.clients.bucket.remove(session.bucket, key))

/**
 * Waits before the nth repetition, counted from 0: 10 to 20 ms at first, doubling up to 320 to 640 ms, by chance. Returns
 * the waited milliseconds.
 */
export const backOff = async ({ clock }: Session, attempt: number): Promise<number> => {
  const milliseconds = 20 * 2 ** Math.min(attempt, 5) * (0.5 + Math.random() / 2)
  await clock.sleep(milliseconds)
  return milliseconds
}
