/** The functions of a transformed template: their packages, rights and event sources. */
import { type Plain, type PlainRecord, plainList, recordOrEmpty } from '../template/cloudformation.ts'
import type { LambdaFunction, PolicyStatement, QueueSource, StreamSource } from './model.ts'
import { nameInArn } from './queues.ts'
import type { TemplateResources } from './resources.ts'

/** Returns the functions; `unresolved` holds the template's resources as they are written, for the environments. */
export const functionsOf = (resources: TemplateResources, unresolved: PlainRecord): LambdaFunction[] =>
  resources.ofType('AWS::Lambda::Function').map(({ id, properties }) => {
    const folder = String(recordOrEmpty(properties.Code).S3Key)
    const [file = '', exportName = ''] = String(properties.Handler).split('.')
    const written = recordOrEmpty(recordOrEmpty(unresolved[id]).Properties)
    const stream = streamSourceOf(id, resources)
    const queue = queueOf(id, resources)
    return {
      id,
      entryPoint: `src/handlers/${file}.ts`,
      bundle: `${folder}/${file}.mjs`,
      exportName,
      timeoutSeconds: Number(properties.Timeout),
      memory: Number(properties.MemorySize),
      environment: recordOrEmpty(recordOrEmpty(written.Environment).Variables),
      ...functionRights(properties, resources),
      ...(stream && { stream }),
      ...(queue && { queue }),
      ...(isScheduled(id, resources) && { scheduled: true }),
    }
  })

/**
 * Returns whether a rule calls the function: every schedule of the template is daily, checked by
 * `tests/house/template.test.ts`.
 */
const isScheduled = (id: string, resources: TemplateResources): boolean =>
  resources
    .ofType('AWS::Events::Rule')
    .some(({ properties }) =>
      plainList(properties.Targets).some((target) =>
        String(recordOrEmpty(target).Arn).endsWith(`:function:${id}`),
      ),
    )

const functionRights = (
  { Role }: PlainRecord,
  resources: TemplateResources,
): Pick<LambdaFunction, 'statements' | 'managedPolicies'> => {
  const role = resources.ofType('AWS::IAM::Role').find(({ id }) => String(Role).endsWith(`:role/${id}`))
  if (!role) throw new Error(`The template declares no role ${Role}.`)
  const policies = plainList(role.properties.Policies).map((policy) =>
    recordOrEmpty(recordOrEmpty(policy).PolicyDocument),
  )
  return {
    statements: policies.flatMap((policy) =>
      plainList(policy.Statement).map((each) => statementOf(recordOrEmpty(each))),
    ),
    managedPolicies: textsOf(role.properties.ManagedPolicyArns).map((arn) => arn.split('/').at(-1) ?? ''),
  }
}

const statementOf = ({ Effect, Action, Resource, ...others }: PlainRecord): PolicyStatement => {
  const unknown = Object.keys(others).filter((name) => name !== 'Sid')
  if (unknown.length > 0) throw new Error(`The local stack does not judge ${unknown.join(', ')} of a policy.`)
  return {
    effect: Effect === 'Deny' ? 'Deny' : 'Allow',
    actions: textsOf(Action),
    resources: textsOf(Resource),
  }
}

const textsOf = (value: Plain | undefined): string[] =>
  (typeof value === 'string' ? [value] : plainList(value)).map(String)

const sourceOf = (id: string, service: string, resources: TemplateResources): PlainRecord | undefined =>
  resources
    .ofType('AWS::Lambda::EventSourceMapping')
    .map(({ properties }) => properties)
    .find(
      ({ FunctionName, EventSourceArn }) =>
        FunctionName === id && String(EventSourceArn).split(':')[2] === service,
    )

const streamSourceOf = (id: string, resources: TemplateResources): StreamSource | undefined => {
  const source = sourceOf(id, 'dynamodb', resources)
  return (
    source && {
      table: /:table\/([^/]+)\//.exec(String(source.EventSourceArn))?.[1] ?? '',
      batchSize: Number(source.BatchSize),
      retries: Number(source.MaximumRetryAttempts),
      bisects: source.BisectBatchOnFunctionError === true,
      failures: nameInArn(recordOrEmpty(recordOrEmpty(source.DestinationConfig).OnFailure).Destination),
    }
  )
}

const queueOf = (id: string, resources: TemplateResources): QueueSource | undefined => {
  const source = sourceOf(id, 'sqs', resources)
  return (
    source && {
      queue: nameInArn(source.EventSourceArn),
      batchSize: Number(source.BatchSize ?? 10),
      concurrency: Number(recordOrEmpty(source.ScalingConfig).MaximumConcurrency ?? 1),
      reportsFailures: plainList(source.FunctionResponseTypes).includes('ReportBatchItemFailures'),
    }
  )
}
