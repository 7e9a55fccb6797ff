/** The functions of a transformed template: their packages, rights and event sources. */
import { list, type Plain, type PlainRecord, record } from '../cloudformation.ts'
import type { LambdaFunction, ObjectSource, Statement, StreamSource } from './model.ts'
import type { Resource, Resources } from './resources.ts'
import { localName } from './scope.ts'

/** Returns the functions; `unresolved` holds the template's resources as they are written, for the environments. */
export const functionsOf = (resources: Resources, unresolved: PlainRecord): LambdaFunction[] =>
  resources.ofType('AWS::Lambda::Function').map(({ id, properties }) => {
    const folder = String(record(properties.Code).S3Key)
    const [file = '', exportName = ''] = String(properties.Handler).split('.')
    const written = record(record(unresolved[id]).Properties)
    const stream = streamOf(id, resources)
    const objects = objectsOf(id, resources)
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
      ...(objects && { objects }),
    }
  })

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

const streamOf = (id: string, resources: Resources): StreamSource | undefined => {
  const source = resources
    .ofType('AWS::Lambda::EventSourceMapping')
    .map(({ properties }) => properties)
    .find(
      ({ FunctionName, EventSourceArn }) => FunctionName === id && /:dynamodb:/.test(String(EventSourceArn)),
    )
  if (!source) return undefined
  return {
    table: /:table\/([^/]+)\//.exec(String(source.EventSourceArn))?.[1] ?? '',
    batchSize: Number(source.BatchSize),
    retries: Number(source.MaximumRetryAttempts),
  }
}

const objectsOf = (id: string, resources: Resources): ObjectSource | undefined => {
  for (const bucket of resources.ofType('AWS::S3::Bucket')) {
    const listeners = list(record(bucket.properties.NotificationConfiguration).LambdaConfigurations).map(
      record,
    )
    const mine = listeners.find((each) => String(each.Function).endsWith(`:function:${id}`))
    if (mine) return { bucket: bucketName(bucket), prefix: prefixOf(mine) }
  }
  return undefined
}

const prefixOf = (listener: PlainRecord): string => {
  const [rule] = list(record(record(listener.Filter).S3Key).Rules)
  return String(record(rule).Value ?? '')
}

/** Returns the name of a bucket on the laptop. */
export const bucketName = ({ id, properties }: Resource): string =>
  String(properties.BucketName ?? localName(id))
