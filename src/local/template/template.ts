/** The transformed template as the local stack sees it. */

import { functionsOf } from '../deployed/functions.ts'
import type { LambdaFunction, Table, Template } from '../deployed/model.ts'
import { bucketName, notificationsOf, queuesOf } from '../deployed/queues.ts'
import { type Resource, resourcesOf } from '../deployed/resources.ts'
import { gatewayResponsesOf, routesOf } from '../deployed/routes.ts'
import { type Given, localName, type Names, parametersOf, scopeOf } from '../deployed/scope.ts'
import { readTransformed } from '../deployed/transformed.ts'
import { list, type PlainRecord, record, resolve } from './cloudformation.ts'

export type {
  GatewayResponse,
  LambdaFunction,
  Notification,
  Queue,
  QueueSource,
  Route,
  Statement,
  StreamSource,
  Table,
  Template,
} from '../deployed/model.ts'
export { type Given, localAccount, localName, localRegion } from '../deployed/scope.ts'
export { projectRoot } from '../deployed/transformed.ts'

/** Returns what the transformed template declares, with references between its resources resolved for the laptop. */
export const readTemplate = (source: PlainRecord = readTransformed(), given: Given = {}): Template => {
  const parameters = parametersOf(source, given)
  const resources = resourcesOf(source, scopeOf(source, parameters))
  const api = resources.one('AWS::ApiGateway::RestApi')
  const pool = resources.one('AWS::Cognito::UserPool')
  const client = resources.one('AWS::Cognito::UserPoolClient')
  return {
    stage: String(resources.one('AWS::ApiGateway::Stage').properties.StageName),
    source,
    parameters,
    functions: functionsOf(resources, record(source.Resources)),
    routes: routesOf(api, resources),
    binaryTypes: list(record(api.properties.Body)['x-amazon-apigateway-binary-media-types']).map(String),
    inflates: api.properties.MinimumCompressionSize !== undefined,
    ...(api.properties.MinimumCompressionSize !== undefined && {
      compressesFrom: Number(api.properties.MinimumCompressionSize),
    }),
    gatewayResponses: gatewayResponsesOf(api),
    tables: resources.ofType('AWS::DynamoDB::Table').map(table),
    buckets: resources.ofType('AWS::S3::Bucket').map(bucketName),
    queues: queuesOf(resources),
    notifications: notificationsOf(resources),
    userPool: { id: pool.id, create: pool.properties },
    userPoolClient: { id: client.id, create: client.properties },
    groups: resources.ofType('AWS::Cognito::UserPoolGroup').map((resource) => resource.properties),
  }
}

/** Returns the environment that a function sees, given what the user pool and its client are really called. */
export const environmentOf = (
  { source, parameters }: Template,
  fn: LambdaFunction,
  names: Names,
): Record<string, string> => {
  const values = record(resolve(fn.environment, scopeOf(source, parameters, names)))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
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
  const name = String(properties.TableName ?? localName(id))
  return {
    id,
    name,
    create: {
      ...rest,
      TableName: name,
      ...(StreamSpecification && { StreamSpecification: stream }),
    },
    ...(ttl !== undefined && { ttlAttribute: String(ttl) }),
  }
}
