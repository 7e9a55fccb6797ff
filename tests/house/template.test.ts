import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bundleOptions } from '../../src/local/bundle.ts'
import { list, type PlainRecord, parseTemplate, record } from '../../src/local/cloudformation.ts'
import { readTransformed } from '../../src/local/deployed/transformed.ts'
import { readTemplate } from '../../src/local/template.ts'
import { root } from './sources.ts'

const source = parseTemplate(readFileSync(join(root, 'template.yaml'), 'utf8'))
const resources = Object.entries(record(source.Resources)).map(([id, value]) => ({ id, ...record(value) }))
const ofType = (type: string) => resources.filter((resource) => record(resource).Type === type)
const template = readTemplate()

const statementsOf = (id: string): PlainRecord[] =>
  list(record(record(record(source.Resources)[id]).Properties).Policies).flatMap((policy) =>
    list(record(policy).Statement).map(record),
  )

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.flatMap(texts) : [JSON.stringify(value)]

/** What `npm run build` tells esbuild, as the template writes it for SAM. */
const buildProperties = (): PlainRecord => {
  const { format, splitting, outExtension, alias, banner, mainFields, target, minify } = bundleOptions
  const pairs = (of: object): string[] => Object.entries(of).map((pair) => pair.join('='))
  return {
    Format: format,
    Splitting: splitting,
    OutExtension: pairs(outExtension),
    Alias: pairs(alias),
    Banner: pairs(banner),
    MainFields: mainFields.join(','),
    Target: target,
    Minify: minify,
    Sourcemap: true,
  }
}

const paths = record(record(record(record(readTransformed().Resources).Api).Properties).Body).paths ?? {}
const integrations = Object.entries(record(paths)).flatMap(([path, methods]) =>
  Object.entries(record(methods)).map(([method, operation]) => ({
    path,
    method: method.replace(/^x-amazon-apigateway-(any)-method$/, '$1').toUpperCase(),
    ...record(record(operation)['x-amazon-apigateway-integration']),
  })),
)

describe('the template as AWS transforms it', () => {
  const streamed = (fn: string) =>
    `arn:aws:apigateway:\${AWS::Region}:lambda:path/2021-11-15/functions/\${${fn}.Arn}/response-streaming-invocations`

  test('streams the answers of all six routes that lead to data', () => {
    const streaming = integrations.filter((each) => record(each).responseTransferMode === 'STREAM')
    expect(streaming.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'ANY /',
      'ANY /Observation',
      'ANY /Observation/{proxy+}',
      'ANY /Patient',
      'ANY /Patient/{proxy+}',
      'ANY /{proxy+}',
    ])
    const uris = streaming.map((each) => record(record(each).uri)['Fn::Sub'])
    const functions = ['Bundle', 'Observation', 'Observation', 'Patient', 'Patient', 'Resource']
    expect(uris.sort()).toEqual(functions.map((name) => streamed(`${name}Function`)))
  })
})

describe('the template', () => {
  test('has SAM bundle every function as `npm run build` does', () => {
    for (const { id, ...resource } of ofType('AWS::Serverless::Function')) {
      const { EntryPoints, ...properties } = record(record(record(resource).Metadata).BuildProperties)
      expect(list(EntryPoints), id).toHaveLength(1)
      expect(properties, id).toEqual(buildProperties())
    }
  })

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

  test('names the built file after the source file', () => {
    for (const fn of template.functions)
      expect(fn.bundle).toBe(fn.entryPoint.replace(/^src\/handlers\/(\w+)\.ts$/, 'dist/handlers/$1/$1.mjs'))
  })

  test('grants actions and resources by name', () => {
    for (const { id } of template.functions)
      for (const statement of statementsOf(id)) {
        expect(
          texts(statement.Action).filter((action) => action.includes('*')),
          id,
        ).toEqual([])
        expect(
          texts(statement.Resource).filter((resource) => resource === '"*"'),
          id,
        ).toEqual([])
      }
  })

  test('lets every function that purges note it in the archive', () => {
    const purging = template.functions.filter(({ id }) => !/^(Metadata|Stream)/.test(id))
    expect(purging.length).toBe(5)
    for (const { id } of purging) {
      const puts = statementsOf(id).filter(({ Action }) => texts(Action).includes('"s3:PutObject"'))
      const places = puts.flatMap(({ Resource }) => texts(Resource))
      expect(
        places.some((place) => /ArchiveBucket\.Arn\}\/archive\/(purged\/)?\*/.test(place)),
        id,
      ).toBe(true)
    }
  })

  test('gives the metadata function no right but to what is published of definitions', () => {
    const [only, ...others] = statementsOf('MetadataFunction')
    expect(others).toEqual([])
    expect(only?.Action).toEqual(['s3:GetObject'])
    expect(texts(only?.Resource)).toEqual([expect.stringMatching(/ArchiveBucket.*\/definitions\/\*/)])
  })

  test('asks for a token everywhere but at metadata, .well-known and OPTIONS', () => {
    const open = template.routes.filter((route) => route.authorizer === 'none')
    expect(open.filter(({ method }) => method !== 'OPTIONS').map(({ path }) => path)).toEqual([
      '/metadata',
      '/.well-known/{proxy+}',
    ])
    for (const route of open) expect(route.function).toBe('MetadataFunction')
    const api = record(ofType('AWS::Serverless::Api')[0]).Properties
    expect(record(record(api).Auth).DefaultAuthorizer).toBe('UserPoolAuthorizer')
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

  test('keeps a log group with a retention for every function', () => {
    const groups = ofType('AWS::Logs::LogGroup')
    expect(groups.length).toBe(template.functions.length)
    for (const group of groups) expect(record(record(group).Properties).RetentionInDays).toBeDefined()
  })

  test('keeps tables, bucket and user pool when the stack is deleted', () => {
    const data = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Cognito::UserPool'].flatMap(ofType)
    const kept = data.filter(({ id }) => !['PageBucket', 'UploadBucket'].includes(id))
    expect(kept.length).toBe(5)
    for (const resource of kept) expect(record(resource).DeletionPolicy, resource.id).toBe('Retain')
  })

  test('shows no bucket to the public', () => {
    const buckets = ofType('AWS::S3::Bucket').map((resource) => record(record(resource).Properties))
    expect(buckets.length).toBe(3)
    for (const bucket of buckets)
      expect(Object.values(record(bucket.PublicAccessBlockConfiguration))).toEqual([true, true, true, true])
  })

  test('encrypts every table and can restore it to any second', () => {
    for (const table of ofType('AWS::DynamoDB::Table').map((resource) =>
      record(record(resource).Properties),
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
