import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { failure } from '../../outcome/failure.ts'
import { type Bucket, openBucket } from '../bucket.ts'

/** The two connections a store sends its calls over. */
export interface Clients {
  dynamo: Pick<DynamoDBDocumentClient, 'send'>
  bucket: Bucket
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

const optionsOf = (env: Environment, endpoint: string | undefined) => ({
  region: env.AWS_REGION ?? 'us-east-1',
  credentials: credentialsOf(env),
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000 },
  ...(endpoint && { endpoint }),
})

/** Returns connections as the environment describes them, with its credentials and no search for others. */
export const connect = (env: Environment): Clients => {
  const bucketEndpoint = env.AWS_ENDPOINT_URL_S3
  const dynamo = new DynamoDBClient(optionsOf(env, env.AWS_ENDPOINT_URL_DYNAMODB))
  return {
    dynamo: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    bucket: openBucket({ ...optionsOf(env, bucketEndpoint), forcePathStyle: bucketEndpoint !== undefined }),
  }
}
