// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
import type { Notification } from '../deployed/model.ts'
import type { S3ObjectEvent } from '../engines/engine-host.ts'
import type { Queues } from './queue.ts'

/** Returns a key in S3's encoding: as a form encodes a value, with slashes left as they are. */
const encodedKey = (key: string): string =>
  encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')

const asSent = ({ Records }: S3ObjectEvent): string =>
  JSON.stringify({
    Records: Records.map(({ s3, ...rest }) => ({
      ...rest,
      s3: { ...s3, object: { ...s3.object, key: encodedKey(s3.object.key) } },
    })),
  })

/** Sends the event of a new object to the queues that the bucket notifies. */
export const notify = (
  event: S3ObjectEvent,
  notifications: readonly Notification[],
  queues: Queues,
): void => {
  const [first] = event.Records
  if (!first?.eventName.startsWith('ObjectCreated:')) return
  const { bucket, object } = first.s3
  for (const each of notifications)
    if (each.bucket === bucket.name && object.key.startsWith(each.prefix))
      queues.send(each.queue, asSent(event))
}
