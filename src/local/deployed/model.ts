/** The parts of the transformed template that the local stack is made of, with their references resolved. */
import type { PlainRecord } from '../template/cloudformation.ts'

export interface TemplateTable {
  id: string
  name: string
  /** The CreateTable request for this table. */
  create: PlainRecord
  ttlAttribute?: string
}

export interface GatewayRoute {
  /** The path in API Gateway's spelling: `/Patient/{proxy+}`. */
  path: string
  method: string
  function: string
  authorizer: 'cognito' | 'none'
  /** Set where the integration streams the answer. */
  streams?: true
  /** The integration's own timeout, if the document states it. */
  timeoutMilliseconds?: number
}

export interface StreamSource {
  table: string
  batchSize: number
  retries: number
  /** Whether a batch that failed is tried again in halves. */
  bisects: boolean
  /** The bucket that keeps the records of batches refused until the last try. */
  failures: string
}

export interface QueueSource {
  queue: string
  batchSize: number
  /** Invocations at the same time. */
  concurrency: number
  /** Whether the function's result names the messages that failed. */
  reportsFailures: boolean
}

export interface Queue {
  name: string
  /** Seconds until a delivered message that was not deleted is delivered again. */
  visibilitySeconds: number
  retentionSeconds: number
  /** The queue that takes the messages received `receives` times in vain. */
  redrive?: { queue: string; receives: number }
}

/** A bucket's notification: objects whose keys begin with the prefix send a message to the queue. */
export interface Notification {
  bucket: string
  prefix: string
  queue: string
}

/** A statement of the function's role, with actions on the ARNs of the laptop's tables, indexes, buckets and queues. */
export interface PolicyStatement {
  effect: 'Allow' | 'Deny'
  actions: readonly string[]
  resources: readonly string[]
}

export interface LambdaFunction {
  id: string
  /** The source file that holds the handler, from the project's root. */
  entryPoint: string
  /** The built file, from the project's root, and its export that is the handler. */
  bundle: string
  exportName: string
  timeoutSeconds: number
  memory: number
  /** Unresolved: the user pool's id is known only when the engines run. */
  environment: PlainRecord
  /** The inline policies of the function's role, and the names of the managed ones. */
  statements: readonly PolicyStatement[]
  managedPolicies: readonly string[]
  stream?: StreamSource
  queue?: QueueSource
  /** Whether a daily schedule calls the function, besides its other sources. */
  scheduled?: boolean
}

export interface GatewayResponse {
  status?: number
  headers: Readonly<Record<string, string>>
  body: string
}

export interface Template {
  stage: string
  source: PlainRecord
  parameters: PlainRecord
  functions: readonly LambdaFunction[]
  routes: readonly GatewayRoute[]
  binaryTypes: readonly string[]
  /** Whether the gateway inflates bodies that come compressed. */
  inflates: boolean
  /** From how many bytes on the gateway compresses a whole answer. */
  compressesFrom?: number
  gatewayResponses: ReadonlyMap<string, GatewayResponse>
  tables: readonly TemplateTable[]
  buckets: readonly string[]
  queues: readonly Queue[]
  notifications: readonly Notification[]
  userPool: { id: string; create: PlainRecord }
  userPoolClient: { id: string; create: PlainRecord }
  groups: readonly PlainRecord[]
}
