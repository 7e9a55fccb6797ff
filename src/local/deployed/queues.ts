/** The queues of a transformed template, and the buckets that tell them of objects. */
import { list, type Plain, type PlainRecord, record } from '../template/cloudformation.ts'
import type { Notification, Queue } from './model.ts'
import type { Resource, Resources } from './resources.ts'
import { localName } from './scope.ts'

/** Returns the name of a bucket on the laptop. */
export const bucketName = ({ id, properties }: Resource): string =>
  String(properties.BucketName ?? localName(id))

/** Returns the name that an ARN ends with. */
export const nameIn = (arn: Plain | undefined): string => String(arn).split(':').at(-1) ?? ''

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const defaults = { visibilitySeconds: 30, retentionSeconds: 345_600 }

/** Returns the queues. */
export const queuesOf = (resources: Resources): Queue[] =>
  resources.ofType('AWS::SQS::Queue').map(({ id, properties }) => {
    const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = properties
    const { deadLetterTargetArn, maxReceiveCount } = record(RedrivePolicy)
    return {
      name: String(properties.QueueName ?? localName(id)),
      visibilitySeconds: Number(VisibilityTimeout ?? defaults.visibilitySeconds),
      retentionSeconds: Number(MessageRetentionPeriod ?? defaults.retentionSeconds),
      ...(RedrivePolicy !== undefined && {
        redrive: { queue: nameIn(deadLetterTargetArn), receives: Number(maxReceiveCount) },
      }),
    }
  })

/** Returns which queues are told of which objects; fails on a queue that takes no message from S3. */
export const notificationsOf = (resources: Resources): Notification[] =>
  resources.ofType('AWS::S3::Bucket').flatMap((bucket) =>
    list(record(bucket.properties.NotificationConfiguration).QueueConfigurations).map((each) => {
      const { Event, Queue, Filter } = record(each)
      if (Event !== 's3:ObjectCreated:*') throw new Error(`The local stack does not tell of ${Event}.`)
      if (!takesFromS3(String(Queue), resources)) throw new Error(`${Queue} takes no message from S3.`)
      return { bucket: bucketName(bucket), prefix: prefixOf(record(Filter)), queue: nameIn(Queue) }
    }),
  )

const takesFromS3 = (queue: string, resources: Resources): boolean =>
  resources
    .ofType('AWS::SQS::QueuePolicy')
    .flatMap(({ properties }) => list(record(properties.PolicyDocument).Statement).map(record))
    .some(
      ({ Effect, Principal, Action, Resource }) =>
        Effect === 'Allow' &&
        record(Principal).Service === 's3.amazonaws.com' &&
        Action === 'sqs:SendMessage' &&
        Resource === queue,
    )

const prefixOf = (filter: PlainRecord): string => {
  const rules = list(record(filter.S3Key).Rules).map(record)
  return String(rules.find(({ Name }) => Name === 'prefix')?.Value ?? '')
}
