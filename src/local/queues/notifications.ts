// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
import type { Notification } from '../deployed/model.ts'
import type { ObjectEvent } from '../engines/engine-host.ts'
import type { Queues } from './queue.ts'

/** S3 writes a key as a form writes a value, and leaves the slashes. */
const encoded = (key: string): string => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')

const asSent = ({ Records }: ObjectEvent): string =>
  JSON.stringify({
    Records: Records.map(({ s3, ...rest }) => ({
      ...rest,
      s3: { ...s3, object: { ...s3.object, key: encoded(s3.object.key) } },
    })),
  })

/** Sends the event of an object that was put to the queues that the bucket tells. */
export const notify = (event: ObjectEvent, notifications: readonly Notification[], queues: Queues): void => {
  const [first] = event.Records
  if (!first?.eventName.startsWith('ObjectCreated:')) return
  const { bucket, object } = first.s3
  for (const each of notifications)
    if (each.bucket === bucket.name && object.key.startsWith(each.prefix))
      queues.send(each.queue, asSent(event))
}
