import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { failure } from '../../outcome/failure.ts'
import { engineFailure } from '../engine-failure.ts'
import { type Bucket, openBucket } from '../objects/bucket.ts'
import { handlerOptions, objectLimits, retryStrategyOf, type TimeLimits, usualLimits } from '../retries.ts'

/** The database's own time as its last answer said, and when that came, by this process's monotonic clock. */
export interface Heard {
  date: number
  at: number
}

/** The two connections a store sends its calls over. */
export interface Clients {
  dynamo: Pick<DynamoDBDocumentClient, 'send'>
  bucket: Bucket
  /** Returns what the database's last answer said of the time; nothing before the first. */
  heard?: () => Heard | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const credentialsOf = (env: Environment) => () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey) {
    throw failure('fault', '`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` are not set.')
  }
  const sessionToken = env.AWS_SESSION_TOKEN
  return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) })
}

const optionsOf = (env: Environment, endpoint: string | undefined, limits: TimeLimits) => ({
  region: env.AWS_REGION ?? 'us-east-1',
  credentials: credentialsOf(env),
  retryStrategy: retryStrategyOf(limits),
  requestHandler: handlerOptions(limits),
  ...(endpoint && { endpoint }),
})

type Send = (command: never) => Promise<unknown>

/** An engine that does not answer is told in our words, whoever asks. */
const failingWell = (client: DynamoDBDocumentClient): Clients['dynamo'] => {
  const send = client.send.bind(client) as Send
  return {
    send: ((command: never) =>
      send(command).catch((error) => {
        throw engineFailure(error)
      })) as DynamoDBDocumentClient['send'],
  }
}

/** Every answer of AWS says when it was made: https://www.rfc-editor.org/rfc/rfc9110#field.date */
const hearing = (client: DynamoDBClient): (() => Heard | undefined) => {
  let heard: Heard | undefined
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

/** Local engines share a machine with everything else: they are given more time for a call, not for a request. */
const limitsOf = (usual: TimeLimits, endpoint: string | undefined): TimeLimits =>
  endpoint === undefined ? usual : { ...usual, request: 5_000 }

/** Returns connections as the environment describes them, with its credentials and no search for others. */
export const connect = (env: Environment, limits?: TimeLimits): Clients => {
  const { AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_DYNAMODB: database } = env
  const dynamo = new DynamoDBClient(optionsOf(env, database, limits ?? limitsOf(usualLimits, database)))
  const bucketOptions = optionsOf(env, s3, limits ?? limitsOf(objectLimits, s3))
  const heard = hearing(dynamo)
  return {
    heard,
    dynamo: failingWell(
      DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    ),
    bucket: openBucket({ ...bucketOptions, forcePathStyle: s3 !== undefined }),
  }
}
