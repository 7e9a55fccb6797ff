// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
import type { Plain, PlainRecord } from './cloudformation.ts'

/** An error that an engine answered with; `name` is AWS's name for it. */
export class EngineError extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** The services that speak AWS's JSON protocol, and the prefix of their operations. */
export const services = {
  dynamodb: { prefix: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0' },
  streams: { prefix: 'DynamoDBStreams_20120810', type: 'application/x-amz-json-1.0' },
  cognito: { prefix: 'AWSCognitoIdentityProviderService', type: 'application/x-amz-json-1.1' },
} as const

/** Calls one operation of a local engine, which checks no signature; fails with an EngineError. */
export const call = async <Result = PlainRecord>(
  service: keyof typeof services,
  endpoint: string,
  operation: string,
  input: Plain | object,
): Promise<Result> => {
  const { prefix, type } = services[service]
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': type, 'x-amz-target': `${prefix}.${operation}`, ...unchecked },
    body: JSON.stringify(input),
  })
  const body = (await response.json()) as Result & { __type?: string; message?: string; Message?: string }
  if (response.ok) return body
  throw new EngineError(
    body.__type?.split('#').at(-1) ?? 'Unknown',
    body.message ?? body.Message ?? operation,
  )
}

/** The engines want the headers of a signature, and check only that they are there. */
const unchecked = {
  'x-amz-date': '20200101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20200101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
}
