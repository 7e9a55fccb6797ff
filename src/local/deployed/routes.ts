// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
import { type Plain, type PlainRecord, plainList, recordOrEmpty } from '../template/cloudformation.ts'
import type { GatewayResponse, GatewayRoute } from './model.ts'
import type { TemplateResource, TemplateResources } from './resources.ts'

/** Returns the routes of the API's OpenAPI document; fails on an integration that API Gateway could not carry out. */
export const routesOf = (api: TemplateResource, resources: TemplateResources): GatewayRoute[] => {
  const body = recordOrEmpty(api.properties.Body)
  const invocable = invocableFunctions(resources)
  return Object.entries(recordOrEmpty(body.paths)).flatMap(([path, methods]) =>
    Object.entries(recordOrEmpty(methods)).map(([method, operation]) => {
      const route = routeOf(path, method, recordOrEmpty(operation), body)
      if (!invocable.has(route.function))
        throw new Error(`API Gateway has no permission to invoke ${route.function} for ${path}.`)
      return route
    }),
  )
}

const invocableFunctions = (resources: TemplateResources): ReadonlySet<string> =>
  new Set(
    resources
      .ofType('AWS::Lambda::Permission')
      .filter(({ properties }) => properties.Principal === 'apigateway.amazonaws.com')
      .map(({ properties }) => functionIdOf(String(properties.FunctionName))),
  )

/** Returns a function's id: a permission gives the laptop's name, an integration an ARN that ends with the name. */
const functionIdOf = (name: string): string => name.split(':').at(-1) ?? ''

const routeOf = (path: string, method: string, operation: PlainRecord, body: PlainRecord): GatewayRoute => {
  const integration = recordOrEmpty(operation['x-amazon-apigateway-integration'])
  const target = integrationTarget(path, integration)
  return {
    path,
    method: method === 'x-amazon-apigateway-any-method' ? 'ANY' : method.toUpperCase(),
    function: target.function,
    authorizer: authorizerOf(path, operation, body),
    ...(target.streams && { streams: true }),
    ...(integration.timeoutInMillis !== undefined && {
      timeoutMilliseconds: Number(integration.timeoutInMillis),
    }),
  }
}

const invocation =
  /^arn:[\w-]+:apigateway:[\w-]+:lambda:path\/(\d{4}-\d\d-\d\d)\/functions\/([^/]+)\/(invocations|response-streaming-invocations)$/

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */
const integrationTarget = (
  path: string,
  integration: PlainRecord,
): { function: string; streams: boolean } => {
  const [, version = '', arn = '', kind] = invocation.exec(String(integration.uri)) ?? []
  const streams = kind === 'response-streaming-invocations'
  const fits =
    integration.type === 'aws_proxy' &&
    integration.httpMethod === 'POST' &&
    version === (streams ? '2021-11-15' : '2015-03-31') &&
    integration.responseTransferMode === (streams ? 'STREAM' : undefined)
  if (!fits)
    throw new Error(`The integration of ${path} is none that API Gateway can carry out: ${integration.uri}`)
  return { function: functionIdOf(arn), streams }
}

const authorizerOf = (
  path: string,
  operation: PlainRecord,
  body: PlainRecord,
): GatewayRoute['authorizer'] => {
  const names = plainList(operation.security).flatMap((scheme) => Object.keys(recordOrEmpty(scheme)))
  if (names.length === 0 || names.includes('NONE')) return 'none'
  const scheme = recordOrEmpty(
    recordOrEmpty(recordOrEmpty(body.components).securitySchemes)[names[0] as string],
  )
  if (recordOrEmpty(scheme['x-amazon-apigateway-authorizer']).type !== 'cognito_user_pools')
    throw new Error(`The authorizer ${names[0]} of ${path} is no user pool.`)
  return 'cognito'
}

/** Returns the texts of the gateway's own answers, by their type. */
export const gatewayResponsesOf = (api: TemplateResource): Map<string, GatewayResponse> =>
  new Map(
    Object.entries(
      recordOrEmpty(recordOrEmpty(api.properties.Body)['x-amazon-apigateway-gateway-responses']),
    ).map(([type, value]) => [type, gatewayResponse(recordOrEmpty(value))]),
  )

const headerName = /^gatewayresponse\.header\.(.+)$/

const gatewayResponse = ({
  statusCode,
  responseParameters,
  responseTemplates,
}: PlainRecord): GatewayResponse => ({
  ...(statusCode !== undefined && { status: Number(statusCode) }),
  headers: Object.fromEntries(
    Object.entries(recordOrEmpty(responseParameters)).flatMap(([name, text]) => headerOf(name, text)),
  ),
  body: String(recordOrEmpty(responseTemplates)['application/json']),
})

/** Returns a header whose value is in quotes, as API Gateway writes a constant. */
const headerOf = (name: string, text: Plain): [string, string][] => {
  const header = headerName.exec(name)?.[1]
  return header ? [[header, String(text).replaceAll("'", '')]] : []
}
