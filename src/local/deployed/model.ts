/** The parts of the transformed template that the local stack is made of, with their references resolved. */
import type { PlainRecord } from '../cloudformation.ts'

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
}

export interface StreamSource {
  table: string
  batchSize: number
  retries: number
}

export interface ObjectSource {
  bucket: string
  prefix: string
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
  /** The bucket and the beginning of the keys whose objects it is told of. */
  objects?: ObjectSource
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
  gatewayResponses: ReadonlyMap<string, GatewayResponse>
  tables: readonly Table[]
  buckets: readonly string[]
  userPool: { id: string; create: PlainRecord }
  userPoolClient: { id: string; create: PlainRecord }
  groups: readonly PlainRecord[]
}
