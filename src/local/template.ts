// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  list,
  type Plain,
  type PlainRecord,
  parseTemplate,
  record,
  resolve,
  type Scope,
} from './cloudformation.ts'
import { Refusal } from './engines.ts'

/** Where the project lies. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url))

/** The region and account that everything on the laptop claims to be in. */
export const localRegion = 'local'
export const localAccount = '000000000000'

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
  /** Whether the gateway passes the answer on as it comes. */
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

export interface LambdaFunction {
  id: string
  /** The source file that holds the handler, from the project's root. */
  entryPoint: string
  /** The built file, from the project's root, and the name it exports the handler by. */
  bundle: string
  exportName: string
  timeoutSeconds: number
  memory: number
  environment: PlainRecord
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

interface Resource {
  id: string
  type: string
  properties: PlainRecord
  metadata: PlainRecord
}

/** What a laptop says in place of the template's parameters: `PROFILE_VALIDATION` is `ProfileValidation`. */
export type Given = Readonly<Record<string, string | undefined>>

/** Returns what the template declares, with references between its resources resolved for the laptop. */
export const readTemplate = (path = `${projectRoot}template.yaml`, given: Given = {}): Template => {
  const source = parseTemplate(readFileSync(path, 'utf8'))
  const parameters = parameterScope(source, given)
  const resources = resourcesOf(source, parameters)
  const ofType = (type: string): Resource[] => resources.filter((resource) => resource.type === type)
  const one = (type: string): Resource => only(type, ofType(type))
  const api = one('AWS::Serverless::Api').properties
  const functions = ofType('AWS::Serverless::Function')
  const pool = one('AWS::Cognito::UserPool')
  const client = one('AWS::Cognito::UserPoolClient')
  return {
    stage: String(api.StageName),
    parameters,
    functions: functions.map((resource) =>
      lambdaFunction(resource, record(record(source.Globals).Function), resources),
    ),
    routes: functions.flatMap(routesOf),
    binaryTypes: list(api.BinaryMediaTypes).map((type) => String(type).replace('~1', '/')),
    inflates: api.MinimumCompressionSize !== undefined,
    gatewayResponses: new Map(Object.entries(record(api.GatewayResponses)).map(gatewayResponse)),
    tables: ofType('AWS::DynamoDB::Table').map(table),
    buckets: ofType('AWS::S3::Bucket').map((resource) =>
      String(resource.properties.BucketName ?? localName(resource.id)),
    ),
    userPool: { id: pool.id, create: pool.properties },
    userPoolClient: { id: client.id, create: client.properties },
    groups: ofType('AWS::Cognito::UserPoolGroup').map((resource) => resource.properties),
  }
}

/** Returns the environment that a function sees, given what the user pool and its client are really called. */
export const environmentOf = (
  { parameters }: Template,
  fn: LambdaFunction,
  names: Readonly<Record<string, string>>,
): Record<string, string> => {
  const values = record(resolve(fn.environment, scopeOf(parameters, names)))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

/** Returns the name that a resource without a name of its own gets on the laptop: `ResourcesTable` is `resources-table`. */
export const localName = (id: string): string => id.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()

const only = (type: string, resources: readonly Resource[]): Resource => {
  const [resource] = resources
  if (!resource || resources.length > 1) throw new Error(`The template must declare exactly one ${type}.`)
  return resource
}

const resourcesOf = (source: PlainRecord, parameters: PlainRecord): Resource[] => {
  const scope = scopeOf(parameters, {})
  return Object.entries(record(source.Resources)).map(([id, value]) => {
    const { Type, Properties, Metadata } = record(value)
    const properties = Type === 'AWS::Serverless::Function' ? Properties : resolve(Properties ?? {}, scope)
    return { id, type: String(Type), properties: record(properties), metadata: record(Metadata) }
  })
}

const pseudoParameters: Record<string, Plain | undefined> = {
  'AWS::Region': localRegion,
  'AWS::AccountId': localAccount,
  'AWS::StackName': 'pilotlight',
  'AWS::NoValue': undefined,
}

const parameterScope = (source: PlainRecord, given: Given): PlainRecord =>
  Object.fromEntries(
    Object.entries(record(source.Parameters)).map(([name, value]) => {
      const { Type, Default, ...rules } = record(value)
      const text = givenValue(variableOf(name), rules, given) ?? Default ?? ''
      return [name, Type === 'CommaDelimitedList' ? String(text).split(',') : text]
    }),
  )

const variableOf = (parameter: string): string => localName(parameter).replaceAll('-', '_').toUpperCase()

const givenValue = (variable: string, rules: PlainRecord, given: Given): string | undefined => {
  const text = given[variable] || undefined
  if (text === undefined) return undefined
  const allowed = list(rules.AllowedValues)
  if (allowed.length > 0 && !allowed.map(String).includes(text))
    throw new Refusal(`${variable} takes ${allowed.join(', ')}, not \`${text}\`.`)
  if (rules.AllowedPattern !== undefined && !new RegExp(`^(?:${rules.AllowedPattern})$`).test(text))
    throw new Refusal(`${variable} does not take \`${text}\`. ${rules.Description ?? ''}`.trim())
  return text
}

const scopeOf = (parameters: PlainRecord, names: Readonly<Record<string, string>>): Scope => ({
  ref: (name) =>
    name in pseudoParameters ? pseudoParameters[name] : (names[name] ?? parameters[name] ?? localName(name)),
  attribute: (name) => `arn:aws:local:${name}`,
  // Conditions guard what a laptop does without: protection against deletion, and alarms.
  condition: () => false,
})

const lambdaFunction = (
  { id, properties, metadata }: Resource,
  globals: PlainRecord,
  resources: readonly Resource[],
): LambdaFunction => {
  const [file = '', exportName = ''] = String(properties.Handler).split('.')
  const events = Object.values(record(properties.Events)).map(record)
  const stream = events.find((event) => event.Type === 'DynamoDB')
  const objects = events.find((event) => event.Type === 'S3')
  return {
    id,
    entryPoint: String(list(record(metadata.BuildProperties).EntryPoints)[0]),
    bundle: `dist/handlers/${file}/${file}.mjs`,
    exportName,
    timeoutSeconds: Number(properties.Timeout ?? globals.Timeout),
    memory: Number(properties.MemorySize ?? globals.MemorySize),
    environment: {
      ...record(record(globals.Environment).Variables),
      ...record(record(properties.Environment).Variables),
    },
    ...(stream && { stream: streamSource(record(stream.Properties)) }),
    ...(objects && { objects: objectSource(record(objects.Properties), resources) }),
  }
}

const objectSource = (properties: PlainRecord, resources: readonly Resource[]): ObjectSource => {
  const id = record(properties.Bucket).Ref
  const bucket = resources.find((resource) => resource.id === id)
  const [rule] = list(record(record(properties.Filter).S3Key).Rules)
  return {
    bucket: String(bucket?.properties.BucketName ?? localName(String(id))),
    prefix: String(record(rule).Value ?? ''),
  }
}

const streamSource = (properties: PlainRecord): StreamSource => ({
  table: localName(String(list(record(properties.Stream)['Fn::GetAtt'])[0])),
  batchSize: Number(properties.BatchSize),
  retries: Number(properties.MaximumRetryAttempts),
})

const routesOf = ({ id, properties }: Resource): Route[] =>
  Object.values(record(properties.Events))
    .map(record)
    .filter((event) => event.Type === 'Api')
    .map((event) => {
      const { Path, Method, Auth, ResponseTransferMode } = record(event.Properties)
      const authorizer = record(Auth).Authorizer === 'NONE' ? 'none' : 'cognito'
      const streams = ResponseTransferMode === 'RESPONSE_STREAM' && ({ streams: true } as const)
      return {
        path: String(Path),
        method: String(Method).toUpperCase(),
        function: id,
        authorizer,
        ...streams,
      }
    })

const gatewayResponse = ([type, value]: [string, Plain]): [string, GatewayResponse] => {
  const { StatusCode, ResponseParameters, ResponseTemplates } = record(value)
  const headers = Object.entries(record(record(ResponseParameters).Headers))
  const body = String(record(ResponseTemplates)['application/json'])
  return [
    type,
    {
      ...(StatusCode !== undefined && { status: Number(StatusCode) }),
      headers: Object.fromEntries(headers.map(([name, text]) => [name, String(text).replaceAll("'", '')])),
      body,
    },
  ]
}

const table = ({ id, properties }: Resource): Table => {
  const {
    SSESpecification,
    PointInTimeRecoverySpecification,
    TimeToLiveSpecification,
    StreamSpecification,
    ...rest
  } = properties
  const stream = { StreamEnabled: true, StreamViewType: record(StreamSpecification).StreamViewType ?? '' }
  const ttl = record(TimeToLiveSpecification).AttributeName
  return {
    id,
    name: localName(id),
    create: {
      TableName: localName(id),
      ...rest,
      ...(StreamSpecification && { StreamSpecification: stream }),
    },
    ...(ttl !== undefined && { ttlAttribute: String(ttl) }),
  }
}
