import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { templateResources } from '../../src/local/deployed/resources.ts'
import { type ParameterVariables, templateParameters, templateScope } from '../../src/local/deployed/scope.ts'
import { readTransformed } from '../../src/local/deployed/transformed.ts'
import { plainList, recordOrEmpty } from '../../src/local/template/cloudformation.ts'
import { readTemplate } from '../../src/local/template/template.ts'
import { root } from './sources.ts'

const source = readTransformed()
const resources = Object.entries(recordOrEmpty(source.Resources)).map(([id, value]) => ({
  id,
  ...recordOrEmpty(value),
}))
const ofType = (type: string) => resources.filter((resource) => recordOrEmpty(resource).Type === type)
const template = readTemplate(source)

const statementsOf = (id: string) => template.functions.find((fn) => fn.id === id)?.statements ?? []

const paths =
  recordOrEmpty(recordOrEmpty(recordOrEmpty(recordOrEmpty(source.Resources).Api).Properties).Body).paths ?? {}
const integrations = Object.entries(recordOrEmpty(paths)).flatMap(([path, methods]) =>
  Object.entries(recordOrEmpty(methods)).map(([method, operation]) => ({
    path,
    method: method.replace(/^x-amazon-apigateway-(any)-method$/, '$1').toUpperCase(),
    ...recordOrEmpty(recordOrEmpty(operation)['x-amazon-apigateway-integration']),
  })),
)

describe('the template as AWS transforms it', () => {
  const streamed = (fn: string) =>
    `arn:aws:apigateway:\${AWS::Region}:lambda:path/2021-11-15/functions/\${${fn}.Arn}/response-streaming-invocations`

  test('streams the answers of all six routes that lead to data', () => {
    const streaming = integrations.filter((each) => recordOrEmpty(each).responseTransferMode === 'STREAM')
    expect(streaming.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'ANY /',
      'ANY /Observation',
      'ANY /Observation/{proxy+}',
      'ANY /Patient',
      'ANY /Patient/{proxy+}',
      'ANY /{proxy+}',
    ])
    const uris = streaming.map((each) => recordOrEmpty(recordOrEmpty(each).uri)['Fn::Sub'])
    const functions = ['Bundle', 'Observation', 'Observation', 'Patient', 'Patient', 'Resource']
    expect(uris.sort()).toEqual(functions.map((name) => streamed(`${name}Function`)))
  })
})

describe('the template', () => {
  test('has one function for each door, and the sources of all of them', () => {
    expect(template.functions.map((fn) => fn.id)).toEqual([
      'MetadataFunction',
      'BundleFunction',
      'PatientFunction',
      'ObservationFunction',
      'ResourceFunction',
      'JobFunction',
      'StreamFunction',
    ])
    expect(template.functions.filter((fn) => !existsSync(join(root, fn.entryPoint)))).toEqual([])
  })

  test('deploys the packages that the build made, and no builder touches them', () => {
    for (const { id, Metadata, Properties } of ofType('AWS::Lambda::Function').map(recordOrEmpty)) {
      const name = String(recordOrEmpty(Properties).Handler).replace(/\.handler$/, '')
      expect(recordOrEmpty(recordOrEmpty(Properties).Code).S3Key, String(id)).toBe(`dist/handlers/${name}`)
      expect(recordOrEmpty(Metadata).SkipBuild, String(id)).toBe(true)
    }
  })

  test('has packages of scripts alone: no source maps, data, tests or docs', () => {
    for (const { bundle } of template.functions) {
      const files = readdirSync(join(root, dirname(bundle)), { recursive: true })
      expect(files.length).toBeGreaterThan(0)
      expect(files.filter((file) => !/^[\w.-]+\.mjs$/.test(String(file)))).toEqual([])
    }
  })

  test('has no schedule but of one day: the local stack calls once a day whatever is scheduled', () => {
    const rules = ofType('AWS::Events::Rule').map(
      (rule) => recordOrEmpty(recordOrEmpty(rule).Properties).ScheduleExpression,
    )
    expect(rules).toEqual(['rate(1 day)'])
    expect(template.functions.filter((fn) => fn.scheduled).map(({ id }) => id)).toEqual(['StreamFunction'])
  })

  test('lets no journal expire by itself', () => {
    const [archive] = ofType('AWS::S3::Bucket').map((bucket) =>
      recordOrEmpty(recordOrEmpty(bucket).Properties),
    )
    const rules = plainList(recordOrEmpty(archive?.LifecycleConfiguration).Rules).map(recordOrEmpty)
    const ending = rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
    expect(ending.map(({ Prefix }) => Prefix)).toEqual(['once/'])
  })

  test('grants actions and resources by name', () => {
    for (const { id } of template.functions)
      for (const statement of statementsOf(id)) {
        expect(
          statement.actions.filter((action) => action.includes('*')),
          id,
        ).toEqual([])
        expect(
          statement.resources.filter((resource) => resource === '*'),
          id,
        ).toEqual([])
      }
  })

  test('lets every function that purges note it in the archive', () => {
    const purging = template.functions.filter(({ id }) => !/^(Metadata|Stream)/.test(id))
    expect(purging.length).toBe(5)
    for (const { id } of purging) {
      const puts = statementsOf(id).filter(({ actions }) => actions.includes('s3:PutObject'))
      const places = puts.flatMap((statement) => statement.resources)
      expect(
        places.some((place) => /:::archive-bucket\/archive\/(purged\/)?\*/.test(place)),
        id,
      ).toBe(true)
    }
  })

  test('gives the metadata function no right but to what is published of definitions', () => {
    const [only, ...others] = statementsOf('MetadataFunction')
    expect(others).toEqual([])
    expect(only?.actions).toEqual(['s3:GetObject'])
    expect(only?.resources).toEqual(['arn:aws:s3:::archive-bucket/definitions/*'])
  })

  test('asks for a token everywhere but at metadata, .well-known and OPTIONS', () => {
    const open = template.routes.filter((route) => route.authorizer === 'none')
    expect(open.filter(({ method }) => method !== 'OPTIONS').map(({ path }) => path)).toEqual([
      '/metadata',
      '/.well-known/{proxy+}',
    ])
    for (const route of open) expect(route.function).toBe('MetadataFunction')
  })

  test('lets a browser ask by OPTIONS, without a token, wherever it may send something', () => {
    const paths = (methods: readonly string[]) =>
      template.routes.filter(({ method }) => methods.includes(method)).map(({ path }) => path)
    const own = ['/metadata', '/.well-known/{proxy+}']
    const asked = paths(['ANY']).filter((path) => !own.includes(path))
    expect(paths(['OPTIONS']).sort()).toEqual(asked.sort())
  })

  test('gives every function the same environment', () => {
    const [first, ...others] = template.functions
    for (const fn of others) expect(fn.environment).toEqual(first?.environment)
  })

  test('keeps a log group with a retention for every function, and one for the gateway', () => {
    const groups = ofType('AWS::Logs::LogGroup')
    expect(groups.length).toBe(template.functions.length + 1)
    for (const group of groups)
      expect(recordOrEmpty(recordOrEmpty(group).Properties).RetentionInDays).toBeDefined()
  })

  test('keeps tables, bucket and user pool of a stack that is deleted, and nothing of one that was never whole', () => {
    const data = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Cognito::UserPool'].flatMap(ofType)
    const kept = data.filter(({ id }) => !['PageBucket', 'UploadBucket'].includes(id))
    expect(kept.length).toBe(5)
    for (const resource of kept)
      expect(recordOrEmpty(resource).DeletionPolicy, resource.id).toBe('RetainExceptOnCreate')
    // What is protected could not be deleted when a first deployment is rolled back.
    expect(template.tables.map(({ create }) => create.DeletionProtectionEnabled)).toEqual([
      false,
      false,
      false,
    ])
    expect(template.userPool.create.DeletionProtection).toBe('INACTIVE')
  })

  test('protects tables and user pool where it is told to', () => {
    const protecting = readTemplate(source, { DELETION_PROTECTION: 'true' })
    expect(protecting.tables.map(({ create }) => create.DeletionProtectionEnabled)).toEqual([
      true,
      true,
      true,
    ])
    expect(protecting.userPool.create.DeletionProtection).toBe('ACTIVE')
  })

  test('deploys where ten executions are all that the account has', () => {
    const byDefault = templateResources(source, templateScope(source, template.parameters))
    const reserved = byDefault
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties.ReservedConcurrentExecutions !== undefined)
    expect(reserved).toEqual([])
    const given = templateParameters(source, { RESERVED_FOR_REQUESTS: '5', RESERVED_FOR_BACKGROUND: '2' })
    const reserving = templateResources(source, templateScope(source, given)).ofType('AWS::Lambda::Function')
    expect(reserving.map(({ properties }) => properties.ReservedConcurrentExecutions)).toEqual([
      undefined,
      '5',
      '5',
      '5',
      '5',
      '2',
      '2',
    ])
    const factors = byDefault
      .ofType('AWS::Lambda::EventSourceMapping')
      .map(({ properties }) => properties.ParallelizationFactor)
    expect(factors.filter((factor) => factor !== undefined)).toEqual([1])
  })

  test('has uploads wait in a queue, which the job function may take as long as it runs', () => {
    const job = template.functions.find((fn) => fn.queue)
    const { queue, concurrency, batchSize } = job?.queue ?? {}
    const waiting = template.queues.find(({ name }) => name === queue)
    expect([job?.id, concurrency, batchSize]).toEqual(['JobFunction', 2, 1])
    expect(waiting?.visibilitySeconds).toBeGreaterThanOrEqual(job?.timeoutSeconds ?? Number.NaN)
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html asks for five deliveries at least.
    expect(waiting?.redrive).toEqual({ queue: 'dead-uploads', receives: 5 })
    expect(template.notifications.filter(({ bucket }) => bucket === 'upload-bucket')).toEqual([
      { bucket: 'upload-bucket', prefix: 'uploads/', queue },
    ])
  })

  test('says of every alarm when it is over', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm').map((alarm) =>
      recordOrEmpty(recordOrEmpty(alarm).Properties),
    )
    expect(alarms.length).toBe(15)
    for (const { AlarmDescription, AlarmActions, OKActions } of alarms) {
      expect(AlarmActions).toBeDefined()
      expect(OKActions, String(AlarmDescription)).toEqual(AlarmActions)
    }
    expect(alarms.map(({ MetricName }) => MetricName)).toEqual(
      expect.arrayContaining([
        'Throttles',
        'ConcurrentExecutions',
        'ApproximateAgeOfOldestMessage',
        'ApproximateNumberOfMessagesVisible',
      ]),
    )
  })

  test('counts refusals by the access log where there is one, else by the logs of the functions that refuse', () => {
    const counted = (given: ParameterVariables) => {
      const scope = templateScope(source, templateParameters(source, given))
      const resources = templateResources(source, scope)
      const settings = resources.one('AWS::ApiGateway::Stage').properties.AccessLogSetting
      const filters = resources.ofType('AWS::Logs::MetricFilter').map(({ properties }) => properties)
      for (const { FilterPattern } of filters)
        for (const status of [401, 403, 413, 429]) expect(FilterPattern).toContain(`$.status = ${status}`)
      return { logs: settings !== undefined, groups: filters.map(({ LogGroupName }) => LogGroupName) }
    }
    const groups = ['bundle', 'patient', 'observation', 'resource'].map((name) => `${name}-log-group`)
    expect(counted({})).toEqual({ logs: false, groups })
    expect(counted({ ACCESS_LOG: 'on' })).toEqual({ logs: true, groups: ['access-log-group'] })
  })

  test('shows no bucket to the public', () => {
    const buckets = ofType('AWS::S3::Bucket').map((resource) =>
      recordOrEmpty(recordOrEmpty(resource).Properties),
    )
    expect(buckets.length).toBe(3)
    for (const bucket of buckets)
      expect(Object.values(recordOrEmpty(bucket.PublicAccessBlockConfiguration))).toEqual([
        true,
        true,
        true,
        true,
      ])
  })

  test('encrypts every table and can restore it to any second', () => {
    for (const table of ofType('AWS::DynamoDB::Table').map((resource) =>
      recordOrEmpty(recordOrEmpty(resource).Properties),
    )) {
      expect(table.BillingMode).toBe('PAY_PER_REQUEST')
      expect(table.SSESpecification).toEqual({ SSEEnabled: true })
      expect(table.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
    }
  })

  test('words every refusal of the gateway as an OperationOutcome', () => {
    expect([...template.gatewayResponses.keys()]).toEqual(
      expect.arrayContaining([
        'UNAUTHORIZED',
        'ACCESS_DENIED',
        'REQUEST_TOO_LARGE',
        'DEFAULT_4XX',
        'DEFAULT_5XX',
      ]),
    )
    for (const { body, headers } of template.gatewayResponses.values()) {
      const outcome = JSON.parse(body.replace('$context.error.messageString', '"why"'))
      expect(outcome.resourceType).toBe('OperationOutcome')
      expect(headers['Content-Type']).toBe('application/fhir+json')
    }
  })
})
