import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { engineFailure, isNetworkError } from '../engine-failure.ts'

/** The bucket operations of the store and the archive. */
export interface Bucket {
  get(bucket: string, key: string): Promise<Uint8Array>
  put(bucket: string, key: string, body: Uint8Array): Promise<void>
  /** Removes an object; does nothing if the object does not exist. */
  remove(bucket: string, key: string): Promise<void>
  /** Returns up to 1,000 keys that begin so, in order, and whether more follow. */
  keys(bucket: string, prefix: string, after?: string): Promise<{ keys: string[]; more: boolean }>
}

/**
 * Returns whether an error says that an object does not exist. Without the right to list the bucket, S3
 * answers `AccessDenied` instead.
 */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && ['NoSuchKey', 'NotFound', 'AccessDenied'].includes(error.name)

type Sdk = typeof import('./s3.ts')

/**
 * Returns a bucket whose SDK is loaded at its first use: most requests never use the bucket, and the SDK
 * loads slowly.
 */
export const openBucket = (config: S3ClientConfig): Bucket => {
  let opened: Promise<{ sdk: Sdk; client: S3Client }> | undefined
  const open = async () => {
    const sdk = await import('./s3.ts')
    return { sdk, client: new sdk.S3Client(config) }
  }
  const use = async <Out>(ask: (opened: { sdk: Sdk; client: S3Client }) => Promise<Out>): Promise<Out> => {
    opened ??= open()
    try {
      return await ask(await opened)
    } catch (error) {
      throw engineFailure(error)
    }
  }
  return {
    get: (Bucket, Key) =>
      use(async ({ sdk, client }) => {
        const read = async (): Promise<Uint8Array> => {
          const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key }))
          return (await Body?.transformToByteArray()) ?? new Uint8Array()
        }
        // The SDK repeats what fails before the answer begins, not what breaks off in it.
        return read().catch((error) => {
          if (isNetworkError(error)) return read()
          throw error
        })
      }),
    put: (Bucket, Key, Body) =>
      use(async ({ sdk, client }) => {
        await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body }))
      }),
    remove: (Bucket, Key) =>
      use(async ({ sdk, client }) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }))
      }),
    keys: (Bucket, Prefix, StartAfter) =>
      use(async ({ sdk, client }) => {
        const page = await client.send(
          new sdk.ListObjectsV2Command({ Bucket, Prefix, ...(StartAfter && { StartAfter }) }),
        )
        const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]))
        return { keys, more: page.IsTruncated === true }
      }),
  }
}
