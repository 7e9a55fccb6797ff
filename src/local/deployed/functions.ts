/** The functions of a transformed template: their packages, rights and event sources. */
import { list, type Plain, type PlainRecord, record } from '../template/cloudformation.ts'
import type { LambdaFunction, QueueSource, Statement, StreamSource } from './model.ts'
import { nameIn } from './queues.ts'
import type { Resources } from './resources.ts'

/** Returns the functions; `unresolved` holds the template's resources as they are written, for the environments. */
export const functionsOf = (resources: Resources, unresolved: PlainRecord): LambdaFunction[] =>
  resources.ofType('AWS::Lambda::Function').map(({ id, properties }) => {
    const folder = String(record(properties.Code).S3Key)
    const [file = '', exportName = ''] = String(properties.Handler).split('.')
    const written = record(record(unresolved[id]).Properties)
    const stream = streamOf(id, resources)
    const queue = queueOf(id, resources)
    return {
      id,
      entryPoint: `src/handlers/${file}.ts`,
      bundle: `${folder}/${file}.mjs`,
      exportName,
      timeoutSeconds: Number(properties.Timeout),
      memory: Number(properties.MemorySize),
      environment: record(record(written.Environment).Variables),
      ...rightsOf(properties, resources),
      ...(stream && { stream }),
      ...(queue && { queue }),
      ...(isScheduled(id, resources) && { scheduled: true }),
    }
  })

/** Every schedule of the template is a day long, which `tests/house/template.test.ts` looks after. */
const isScheduled = (id: string, resources: Resources): boolean =>
  resources
    .ofType('AWS::Events::Rule')
    .some(({ properties }) =>
      list(properties.Targets).some((target) => String(record(target).Arn).endsWith(`:function:${id}`)),
    )

const rightsOf = (
  { Role }: PlainRecord,
  resources: Resources,
): Pick<LambdaFunction, 'statements' | 'managedPolicies'> => {
  const role = resources.ofType('AWS::IAM::Role').find(({ id }) => String(Role).endsWith(`:role/${id}`))
  if (!role) throw new Error(`The template declares no role ${Role}.`)
  const policies = list(role.properties.Policies).map((policy) => record(record(policy).PolicyDocument))
  return {
    statements: policies.flatMap((policy) => list(policy.Statement).map((each) => statementOf(record(each)))),
    managedPolicies: textsOf(role.properties.ManagedPolicyArns).map((arn) => arn.split('/').at(-1) ?? ''),
  }
}

const statementOf = ({ Effect, Action, Resource, ...others }: PlainRecord): Statement => {
  const unknown = Object.keys(others).filter((name) => name !== 'Sid')
  if (unknown.length > 0) throw new Error(`The local stack does not judge ${unknown.join(', ')} of a policy.`)
  return {
    effect: Effect === 'Deny' ? 'Deny' : 'Allow',
    actions: textsOf(Action),
    resources: textsOf(Resource),
  }
}

const textsOf = (value: Plain | undefined): string[] =>
  (typeof value === 'string' ? [value] : list(value)).map(String)

const sourceOf = (id: string, service: string, resources: Resources): PlainRecord | undefined =>
  resources
    .ofType('AWS::Lambda::EventSourceMapping')
    .map(({ properties }) => properties)
    .find(
      ({ FunctionName, EventSourceArn }) =>
        FunctionName === id && String(EventSourceArn).split(':')[2] === service,
    )

const streamOf = (id: string, resources: Resources): StreamSource | undefined => {
  const source = sourceOf(id, 'dynamodb', resources)
  return (
    source && {
      table: /:table\/([^/]+)\//.exec(String(source.EventSourceArn))?.[1] ?? '',
      batchSize: Number(source.BatchSize),
      retries: Number(source.MaximumRetryAttempts),
      bisects: source.BisectBatchOnFunctionError === true,
      failures: nameIn(record(record(source.DestinationConfig).OnFailure).Destination),
    }
  )
}

const queueOf = (id: string, resources: Resources): QueueSource | undefined => {
  const source = sourceOf(id, 'sqs', resources)
  return (
    source && {
      queue: nameIn(source.EventSourceArn),
      batchSize: Number(source.BatchSize ?? 10),
      concurrency: Number(record(source.ScalingConfig).MaximumConcurrency ?? 1),
      reportsFailures: list(source.FunctionResponseTypes).includes('ReportBatchItemFailures'),
    }
  )
}
