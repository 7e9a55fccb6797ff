import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { failure } from '../../outcome/failure.ts'
import { engineFailure } from '../engine-failure.ts'
import { type Bucket, openBucket } from '../objects/bucket.ts'
import { handlerOptions, objectLimits, retryStrategyOf, type TimeLimits, usualLimits } from './retries.ts'

/**
 * The `Date` of the database's last answer in milliseconds since 1970, and its arrival by this process's monotonic clock.
 */
export interface DatabaseDate {
  date: number
  at: number
}

/** The connections to DynamoDB and S3 that a store sends its calls over. */
export interface Clients {
  dynamo: Pick<DynamoDBDocumentClient, 'send'>
  bucket: Bucket
  /** Returns the date of the database's last answer; undefined before the first answer. */
  heard?: () => DatabaseDate | undefined
}

type StoreEnvironment = Readonly<Record<string, string | undefined>>

const credentialsOf = (env: StoreEnvironment) => () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey) {
    throw failure('fault', '`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` are not set.')
  }
  const sessionToken = env.AWS_SESSION_TOKEN
  return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) })
}

const clientOptions = (env: StoreEnvironment, endpoint: string | undefined, limits: TimeLimits) => ({
  region: env.AWS_REGION ?? 'us-east-1',
  credentials: credentialsOf(env),
  retryStrategy: retryStrategyOf(limits),
  requestHandler: handlerOptions(limits),
  ...(endpoint && { endpoint }),
})

type SendCommand = (command: never) => Promise<unknown>

/** Returns a client whose errors are this server's own failures, for every caller alike. */
const withStoreFailures = (client: DynamoDBDocumentClient): Clients['dynamo'] => {
  const send = client.send.bind(client) as SendCommand
  return {
    send: ((command: never) =>
      send(command).catch((error) => {
        throw engineFailure(error)
      })) as DynamoDBDocumentClient['send'],
  }
}

/** Reads the `Date` header of every answer of DynamoDB: https://www.rfc-editor.org/rfc/rfc9110#field.date */
const watchDate = (client: DynamoDBClient): (() => DatabaseDate | undefined) => {
  let heard: DatabaseDate | undefined
  client.middlewareStack.add(
    (next) => async (args) => {
      const came = await next(args)
      const { headers } = came.response as { headers?: Record<string, string | undefined> }
      const date = Date.parse(headers?.date ?? '')
      if (!Number.isNaN(date)) heard = { date, at: performance.now() }
      return came
    },
    { step: 'deserialize', name: 'hearDate', priority: 'low' },
  )
  return () => heard
}

/** Local engines share a machine with the server: a call to them may take longer, a request may not. */
const callLimits = (usual: TimeLimits, endpoint: string | undefined): TimeLimits =>
  endpoint === undefined ? usual : { ...usual, request: 5_000 }

/**
 * Returns connections by the environment's region, endpoints and credentials; no other source of credentials is searched.
 */
export const connect = (env: StoreEnvironment, limits?: TimeLimits): Clients => {
  const { AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_DYNAMODB: database } = env
  const dynamo = new DynamoDBClient(clientOptions(env, database, limits ?? callLimits(usualLimits, database)))
  const bucketOptions = clientOptions(env, s3, limits ?? callLimits(objectLimits, s3))
  const heard = watchDate(dynamo)
  return {
    heard,
    dynamo: withStoreFailures(
      DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    ),
    bucket: openBucket({ ...bucketOptions, forcePathStyle: s3 !== undefined }),
  }
}
