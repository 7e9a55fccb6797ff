/** The parts of the S3 SDK that are used; `bucket.ts` imports this file only when the bucket is asked for something. */
export {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
