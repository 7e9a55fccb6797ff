/** The transformed template in the local stack's form. */

import { functionsOf } from '../deployed/functions.ts'
import type { LambdaFunction, Template, TemplateTable } from '../deployed/model.ts'
import { bucketName, notificationsOf, queuesOf } from '../deployed/queues.ts'
import { type TemplateResource, templateResources } from '../deployed/resources.ts'
import { gatewayResponsesOf, routesOf } from '../deployed/routes.ts'
import {
  localName,
  type ParameterVariables,
  type ResourceNames,
  templateParameters,
  templateScope,
} from '../deployed/scope.ts'
import { readTransformed } from '../deployed/transformed.ts'
import { type PlainRecord, plainList, recordOrEmpty, resolveReferences } from './cloudformation.ts'

export type {
  GatewayResponse,
  GatewayRoute as Route,
  LambdaFunction,
  Notification,
  PolicyStatement as Statement,
  Queue,
  QueueSource,
  StreamSource,
  Template,
  TemplateTable as Table,
} from '../deployed/model.ts'
export { localAccount, localName, localRegion, type ParameterVariables as Given } from '../deployed/scope.ts'
export { projectRoot } from '../deployed/transformed.ts'

/**
 * Returns the parts that the transformed template declares, with references between its resources resolved for the
 * laptop. Fails on a reference, function or policy element that the local stack does not know.
 */
export const readTemplate = (
  source: PlainRecord = readTransformed(),
  given: ParameterVariables = {},
): Template => {
  const parameters = templateParameters(source, given)
  const resources = templateResources(source, templateScope(source, parameters))
  const api = resources.one('AWS::ApiGateway::RestApi')
  const pool = resources.one('AWS::Cognito::UserPool')
  const client = resources.one('AWS::Cognito::UserPoolClient')
  return {
    stage: String(resources.one('AWS::ApiGateway::Stage').properties.StageName),
    source,
    parameters,
    functions: functionsOf(resources, recordOrEmpty(source.Resources)),
    routes: routesOf(api, resources),
    binaryTypes: plainList(recordOrEmpty(api.properties.Body)['x-amazon-apigateway-binary-media-types']).map(
      String,
    ),
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

/** Returns a function's environment variables, given the actual names of the user pool and its client. */
export const environmentOf = (
  { source, parameters }: Template,
  fn: LambdaFunction,
  names: ResourceNames,
): Record<string, string> => {
  const values = recordOrEmpty(resolveReferences(fn.environment, templateScope(source, parameters, names)))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

const table = ({ id, properties }: TemplateResource): TemplateTable => {
  const {
    SSESpecification,
    PointInTimeRecoverySpecification,
    TimeToLiveSpecification,
    StreamSpecification,
    ...rest
  } = properties
  const stream = {
    StreamEnabled: true,
    StreamViewType: recordOrEmpty(StreamSpecification).StreamViewType ?? '',
  }
  const ttl = recordOrEmpty(TimeToLiveSpecification).AttributeName
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
