import { randomUUID } from 'node:crypto'
import { openBucket } from '../../../store/objects/bucket.ts'
import type { StrictProxy } from '../proxy.ts'
import { failureObject, type GivenUp } from './delivery.ts'

/** The bucket for failed invocations, and the function whose rights are used. */
export interface Destination {
  bucket: string
  function: string
  region: string
  strict: StrictProxy
  credentials: Readonly<Record<string, string>>
}

type GivenUpBatch = Omit<GivenUp, 'function' | 'requestId' | 'now'>

/**
 * Returns a function that stores a batch refused until the last try, as Lambda does with the rights of the function's
 * role.
 */
export const keepFailures = ({ bucket, region, strict, credentials, ...given }: Destination) => {
  const objects = openBucket({
    region,
    endpoint: strict.endpoints.s3,
    forcePathStyle: true,
    credentials: {
      accessKeyId: credentials.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY ?? '',
    },
  })
  const mapping = randomUUID()
  return async (refused: GivenUpBatch): Promise<void> => {
    const all = { ...refused, function: given.function, requestId: randomUUID(), now: Date.now() }
    const { key, text } = failureObject(all, mapping)
    await objects.put(bucket, key, Buffer.from(text))
    console.error(
      `The stream function refused ${refused.batch.length} changes to the last: they are in ${key}.`,
    )
  }
}
