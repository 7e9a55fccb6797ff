/** The queues of a transformed template, and the buckets that send them notifications. */
import { type Plain, type PlainRecord, plainList, recordOrEmpty } from '../template/cloudformation.ts'
import type { Notification, Queue } from './model.ts'
import type { TemplateResource, TemplateResources } from './resources.ts'
import { localName } from './scope.ts'

/** Returns the name of a bucket on the laptop. */
export const bucketName = ({ id, properties }: TemplateResource): string =>
  String(properties.BucketName ?? localName(id))

/** Returns the name that an ARN ends with. */
export const nameInArn = (arn: Plain | undefined): string => String(arn).split(':').at(-1) ?? ''

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const defaults = { visibilitySeconds: 30, retentionSeconds: 345_600 }

/** Returns the queues. */
export const queuesOf = (resources: TemplateResources): Queue[] =>
  resources.ofType('AWS::SQS::Queue').map(({ id, properties }) => {
    const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = properties
    const { deadLetterTargetArn, maxReceiveCount } = recordOrEmpty(RedrivePolicy)
    return {
      name: String(properties.QueueName ?? localName(id)),
      visibilitySeconds: Number(VisibilityTimeout ?? defaults.visibilitySeconds),
      retentionSeconds: Number(MessageRetentionPeriod ?? defaults.retentionSeconds),
      ...(RedrivePolicy !== undefined && {
        redrive: { queue: nameInArn(deadLetterTargetArn), receives: Number(maxReceiveCount) },
      }),
    }
  })

/**
 * Returns the notifications of the buckets; fails on an event other than ObjectCreated and on a queue that takes no
 * message from S3.
 */
export const notificationsOf = (resources: TemplateResources): Notification[] =>
  resources.ofType('AWS::S3::Bucket').flatMap((bucket) =>
    plainList(recordOrEmpty(bucket.properties.NotificationConfiguration).QueueConfigurations).map((each) => {
      const { Event, Queue, Filter } = recordOrEmpty(each)
      if (Event !== 's3:ObjectCreated:*') throw new Error(`The local stack does not tell of ${Event}.`)
      if (!takesFromS3(String(Queue), resources)) throw new Error(`${Queue} takes no message from S3.`)
      return {
        bucket: bucketName(bucket),
        prefix: filterPrefix(recordOrEmpty(Filter)),
        queue: nameInArn(Queue),
      }
    }),
  )

const takesFromS3 = (queue: string, resources: TemplateResources): boolean =>
  resources
    .ofType('AWS::SQS::QueuePolicy')
    .flatMap(({ properties }) =>
      plainList(recordOrEmpty(properties.PolicyDocument).Statement).map(recordOrEmpty),
    )
    .some(
      ({ Effect, Principal, Action, Resource }) =>
        Effect === 'Allow' &&
        recordOrEmpty(Principal).Service === 's3.amazonaws.com' &&
        Action === 'sqs:SendMessage' &&
        Resource === queue,
    )

const filterPrefix = (filter: PlainRecord): string => {
  const rules = plainList(recordOrEmpty(filter.S3Key).Rules).map(recordOrEmpty)
  return String(rules.find(({ Name }) => Name === 'prefix')?.Value ?? '')
}
