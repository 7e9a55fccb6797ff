/** The parts of the transformed template that the local stack is made of, with their references resolved. */
import type { PlainRecord } from '../template/cloudformation.ts'

export interface Table {
  id: string
  name: string
  /** The CreateTable request for this table. */
  create: PlainRecord
  ttlAttribute?: string
}

export interface Route {
  /** As API Gateway spells it: `/Patient/{proxy+}`. */
  path: string
  method: string
  function: string
  authorizer: 'cognito' | 'none'
  /** Set where the integration streams the answer. */
  streams?: true
  /** How long the integration may take, where it states a time of its own. */
  timeoutMilliseconds?: number
}

export interface StreamSource {
  table: string
  batchSize: number
  retries: number
  /** Whether a batch that failed is tried again in halves. */
  bisects: boolean
  /** The bucket of what was refused to the last. */
  failures: string
}

export interface QueueSource {
  queue: string
  batchSize: number
  /** How many invocations there are at once. */
  concurrency: number
  /** Whether the function names the messages that it failed on. */
  reportsFailures: boolean
}

export interface Queue {
  name: string
  /** How long a message that was delivered is not delivered again. */
  visibilitySeconds: number
  retentionSeconds: number
  /** The queue that takes what was delivered so often in vain. */
  redrive?: { queue: string; receives: number }
}

/** A bucket tells a queue of objects whose keys begin with a prefix. */
export interface Notification {
  bucket: string
  prefix: string
  queue: string
}

/** A statement of the function's role, which allows actions on the ARNs of the laptop's tables, indexes, buckets and queues. */
export interface Statement {
  effect: 'Allow' | 'Deny'
  actions: readonly string[]
  resources: readonly string[]
}

export interface LambdaFunction {
  id: string
  /** The source file that holds the handler, from the project's root. */
  entryPoint: string
  /** The built file, from the project's root, and the name it exports the handler by. */
  bundle: string
  exportName: string
  timeoutSeconds: number
  memory: number
  /** Unresolved: the user pool's id is known only when the engines run. */
  environment: PlainRecord
  /** The inline policies of the function's role, and the names of the managed ones. */
  statements: readonly Statement[]
  managedPolicies: readonly string[]
  stream?: StreamSource
  queue?: QueueSource
  /** Whether it is called once a day too. */
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
  routes: readonly Route[]
  binaryTypes: readonly string[]
  /** Whether the gateway inflates bodies that come compressed. */
  inflates: boolean
  /** From how many bytes on the gateway compresses a whole answer. */
  compressesFrom?: number
  gatewayResponses: ReadonlyMap<string, GatewayResponse>
  tables: readonly Table[]
  buckets: readonly string[]
  queues: readonly Queue[]
  notifications: readonly Notification[]
  userPool: { id: string; create: PlainRecord }
  userPoolClient: { id: string; create: PlainRecord }
  groups: readonly PlainRecord[]
}
