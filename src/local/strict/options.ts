/** Behaviours of AWS that the local engines lack; each is switched by a value of its own. */
export interface StrictOptions {
  /** The seed of every random choice; equal seeds give equal choices. */
  seed: number
  isolation: IsolationOptions
  faults: FaultOptions
  signatures: SignatureOptions
  stream: StreamOptions
  workers: WorkerOptions
  heat: HeatOptions
}

/** Options of the processes that run functions; a running worker keeps its clock. */
export interface WorkerOptions {
  /** The most seconds that a worker's clock is off, ahead or behind; with 0 it is the machine's clock. */
  mostSkewSeconds: number
  /** The most seconds until a worker's clock steps to another offset. */
  stepSeconds: number
  /** Whether a worker that takes more than its function's `MemorySize` is killed. */
  limitMemory: boolean
}

/** Whether calls beyond the limits are throttled; units are counted always. */
export interface HeatOptions {
  /** Each partition key's 1,000 write units and 3,000 read units a second. */
  limitKeys: boolean
  /** The 4,000 write units and 12,000 read units a second of a new on-demand table or index. */
  limitTables: boolean
}

export interface StreamOptions {
  /** The share of batches that the stream's function gets twice. */
  repeated: number
}

export interface IsolationOptions {
  /** BatchGetItem, BatchWriteItem and BatchExecuteStatement are carried out item by item. */
  splitBatches: boolean
  /** TransactWriteItems becomes visible item by item, while concurrent writers of its items conflict. */
  splitTransactions: boolean
  /** The share of Query and Scan pages that are read in several steps. */
  splitPages: number
  /** The share of Query and Scan pages that end before their limit. */
  shortPages: number
  /** The share of batches that return some items as unprocessed. */
  unprocessed: number
  /** The longest pause between two steps of a request, in milliseconds. */
  pause: number
  /** The longest time until an index shows a write, in milliseconds. */
  indexLag: number
  /** The share of writes that reads without `ConsistentRead` show up to 100 ms late. */
  staleReads: number
}

/** The share of calls that meet each fault. */
export interface FaultOptions {
  throttled: number
  /** TransactionConflictException on writes, and as a reason of cancelled transactions. */
  conflict: number
  /** TransactionInProgressException on TransactWriteItems. */
  inProgress: number
  /** InternalServerError, half of the time after the write took effect. */
  internal: number
  /** No answer for `hangMilliseconds`, half of the time after the write took effect; then the connection is cut. */
  hung: number
  /** The connection is cut before the call reaches the engine. */
  cutBefore: number
  /** The connection is cut after the engine has performed the call. */
  cutAfter: number
  expired: number
  /** 503 SlowDown of S3. */
  slowDown: number
  hangMilliseconds: number
}

export interface SignatureOptions {
  /** Seconds that a signature's time may be off; 0 switches the check off. */
  mostSkewSeconds: number
}

export const noFaults: FaultOptions = {
  throttled: 0,
  conflict: 0,
  inProgress: 0,
  internal: 0,
  hung: 0,
  cutBefore: 0,
  cutAfter: 0,
  expired: 0,
  slowDown: 0,
  hangMilliseconds: 2_500,
}

/** Every fault with the same share of calls. */
export const everyFault = (share: number): FaultOptions => ({
  ...(Object.fromEntries(Object.keys(noFaults).map((name) => [name, share])) as unknown as FaultOptions),
  hangMilliseconds: noFaults.hangMilliseconds,
})

/** The options of `npm start`: rights and signatures are judged, the engines answer as fast as they can. */
export const laptopOptions: StrictOptions = {
  seed: 1,
  isolation: {
    splitBatches: false,
    splitTransactions: false,
    splitPages: 0,
    shortPages: 0,
    unprocessed: 0,
    pause: 0,
    indexLag: 0,
    staleReads: 0,
  },
  faults: noFaults,
  signatures: { mostSkewSeconds: 300 },
  stream: { repeated: 0 },
  workers: { mostSkewSeconds: 0, stepSeconds: 10, limitMemory: false },
  heat: { limitKeys: false, limitTables: false },
}

/** The options of tests: everything that AWS may do without a fault, by short pauses. */
export const testOptions: StrictOptions = {
  ...laptopOptions,
  isolation: {
    splitBatches: true,
    splitTransactions: true,
    splitPages: 0.3,
    shortPages: 0.2,
    unprocessed: 0.05,
    pause: 2,
    indexLag: 0,
    staleReads: 0,
  },
  stream: { repeated: 0.1 },
  workers: { mostSkewSeconds: 300, stepSeconds: 10, limitMemory: true },
}

/** A change of some options; options that it omits stay as they are. */
export type StrictChange = {
  [Part in keyof StrictOptions]?: StrictOptions[Part] extends number ? number : Partial<StrictOptions[Part]>
}

/** Returns the options with a change applied. */
export const changedOptions = (options: StrictOptions, change: StrictChange): StrictOptions => ({
  seed: change.seed ?? options.seed,
  isolation: { ...options.isolation, ...change.isolation },
  faults: { ...options.faults, ...change.faults },
  signatures: { ...options.signatures, ...change.signatures },
  stream: { ...options.stream, ...change.stream },
  workers: { ...options.workers, ...change.workers },
  heat: { ...options.heat, ...change.heat },
})

/**
 * Returns the options with those of the environment on top: `STRICT_SEED`, and in `STRICT` a change as JSON, for example
 * `{"isolation":{"pause":5}}`; fails when that is not valid JSON.
 */
export const optionsFromEnvironment = (
  base: StrictOptions,
  env: Readonly<Record<string, string | undefined>>,
): StrictOptions => {
  const change: StrictChange = env.STRICT ? JSON.parse(env.STRICT) : {}
  return changedOptions(base, { ...change, ...(env.STRICT_SEED && { seed: Number(env.STRICT_SEED) }) })
}
