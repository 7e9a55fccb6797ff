// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html

import type { AccessKey } from '../signature/canonical.ts'
import { signedHeaders } from '../signature/sign.ts'
import type { Plain, PlainRecord } from '../template/cloudformation.ts'

/** An error answered by an engine; `name` is AWS's name of the error. */
export class LocalEngineError extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** The services that speak AWS's JSON protocol, and the prefix of their operations. */
export const engineServices = {
  dynamodb: { prefix: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0', signedAs: 'dynamodb' },
  streams: { prefix: 'DynamoDBStreams_20120810', type: 'application/x-amz-json-1.0', signedAs: 'dynamodb' },
  cognito: {
    prefix: 'AWSCognitoIdentityProviderService',
    type: 'application/x-amz-json-1.1',
    signedAs: 'cognito-idp',
  },
} as const

/** Calls an operation of a local engine, signed when a key is given; fails with an EngineError. */
export const callEngine = async <Result = PlainRecord>(
  service: keyof typeof engineServices,
  endpoint: string,
  operation: string,
  input: Plain | object,
  credentials?: AccessKey,
): Promise<Result> => {
  const { prefix, type, signedAs } = engineServices[service]
  const body = JSON.stringify(input)
  const headers = { 'content-type': type, 'x-amz-target': `${prefix}.${operation}` }
  const message = { method: 'POST', path: '/', headers: { host: new URL(endpoint).host, ...headers } }
  const signed = credentials
    ? signedHeaders(message, body, { service: signedAs, region: 'local' }, credentials)
    : { ...headers, ...unchecked }
  const response = await fetch(endpoint, { method: 'POST', headers: signed, body })
  const answer = (await response.json()) as Result & { __type?: string; message?: string; Message?: string }
  if (response.ok) return answer
  throw new LocalEngineError(
    answer.__type?.split('#').at(-1) ?? 'Unknown',
    answer.message ?? answer.Message ?? operation,
  )
}

/** Headers in the form of a signature: without the proxy in between, the engines check only that they are present. */
const unchecked = {
  'x-amz-date': '20200101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20200101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
}
