import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readTransformed, templatePaths } from '../../src/local/deployed/transformed.ts'
import { type PlainRecord, recordOrEmpty } from '../../src/local/template/cloudformation.ts'
import { readTemplate } from '../../src/local/template/template.ts'

const script = fileURLToPath(new URL('create.py', import.meta.url))
const python = process.env.PYTHON ?? 'python3'
const hasMoto = spawnSync(python, ['-c', 'import moto, boto3']).status === 0

interface Created {
  status: string
  created: string[]
  unsupported: string[]
  functions: string[]
  mappings: string[]
  tables: { TableName: string; KeySchema: object[]; GlobalSecondaryIndexes: PlainRecord[] }[]
  queues: { QueueArn: string; VisibilityTimeout: string; RedrivePolicy?: string }[]
  buckets: string[]
  packages: Record<string, number>
}

const create = (name: string, region: string): Created => {
  const { status, stdout, stderr } = spawnSync(python, [script, templatePaths.transformed, name, region], {
    encoding: 'utf8',
    maxBuffer: 10_000_000,
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const countsOf = (types: readonly string[]): Record<string, number> =>
  Object.fromEntries(types.map((type) => [type, types.filter((each) => each === type).length]))

/** Resources under a condition that does not hold by default. */
const conditional = new Set(['AccessLogGroup', 'AccessRefusals'])

describe.skipIf(!hasMoto)("moto's CloudFormation", () => {
  test('creates the stack but for the resources that it does not know', () => {
    const made = create('Pilotlight-Test', 'eu-central-1')
    const template = readTemplate()
    expect(made.status).toBe('CREATE_COMPLETE')
    const declared = Object.entries(recordOrEmpty(readTransformed().Resources)).flatMap(([id, resource]) =>
      conditional.has(id) ? [] : [String(recordOrEmpty(resource).Type)],
    )
    // Moto creates permissions, and gives them no id to be listed by.
    const expected = declared.filter(
      (type) => !made.unsupported.includes(type) && type !== 'AWS::Lambda::Permission',
    )
    expect(countsOf(made.created)).toEqual(countsOf(expected))
    expect(expected.length).toBeGreaterThan(30)
    expect(made.functions.length).toBe(template.functions.length)
    expect(made.mappings.map((arn) => arn.split(':')[2]).sort()).toEqual(['dynamodb', 'sqs'])
  })

  test("makes of it the laptop's tables and queues", () => {
    const made = create('pilotlight', 'us-east-1')
    const template = readTemplate()
    const shapes = (tables: readonly PlainRecord[]) =>
      tables.map(({ KeySchema, GlobalSecondaryIndexes }) => ({
        KeySchema,
        indexes: ((GlobalSecondaryIndexes ?? []) as PlainRecord[]).map((each) => [
          each.IndexName,
          each.KeySchema,
        ]),
      }))
    const sorted = (values: readonly object[]) => values.map((value) => JSON.stringify(value)).sort()
    expect(sorted(shapes(made.tables as unknown as PlainRecord[]))).toEqual(
      sorted(shapes(template.tables.map(({ create }) => create))),
    )
    expect(made.queues.map(({ VisibilityTimeout }) => Number(VisibilityTimeout)).sort()).toEqual(
      template.queues.map(({ visibilitySeconds }) => visibilitySeconds).sort(),
    )
    expect(made.queues.filter(({ RedrivePolicy }) => RedrivePolicy).length).toBe(1)
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    for (const [id, bytes] of Object.entries(made.packages)) expect(bytes, id).toBeLessThan(50 * 1024 * 1024)
  })

  test('gives buckets names that S3 takes, however the stack is called', () => {
    const { status, buckets } = create(`Pilotlight-${'Long'.repeat(10)}`, 'ap-southeast-2')
    expect(status).toBe('CREATE_COMPLETE')
    expect(buckets.filter((name) => !/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name))).toEqual([])
    expect(buckets.length).toBe(4)
  })
})
