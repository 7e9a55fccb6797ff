import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { proxyEvent } from '../../../src/local/gateway/event.ts'
import { matchRoute } from '../../../src/local/gateway/routing.ts'
import { openClaims } from '../../../src/local/gateway/token.ts'
import { type Stack, startStack } from '../../../src/local/stack.ts'
import {
  environmentOf,
  type LambdaFunction,
  projectRoot,
  readTemplate,
} from '../../../src/local/template/template.ts'
import { type Posted, type RuntimeApi, startRuntimeApi, streamedIn } from './api.ts'
import { type Runtime, runtimes } from './ric.ts'

const template = readTemplate()
let stack: Stack
let directory: string
beforeAll(async () => {
  stack = await startStack({ open: true, environments: 1 })
  directory = mkdtempSync(join(tmpdir(), 'pilotlight-packages-'))
})
afterAll(async () => {
  await stack?.stop()
  rmSync(directory, { recursive: true })
})

let api: RuntimeApi | undefined
let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
  api?.close()
})

const functionOf = (id: string): LambdaFunction => {
  const fn = template.functions.find((each) => each.id === id)
  if (!fn) throw new Error(`The template has no ${id}.`)
  return fn
}

/** Starts a package in a place of its own, from which it reaches no node_modules, with Lambda's environment alone. */
const start = async (id: string, { args }: Runtime): Promise<RuntimeApi> => {
  const fn = functionOf(id)
  const task = join(directory, id)
  cpSync(join(projectRoot, dirname(fn.bundle)), task, { recursive: true })
  const started = await startRuntimeApi(fn.timeoutSeconds)
  api = started
  const names = { UserPool: stack.poolId, UserPoolClient: stack.clientId }
  child = spawn(process.execPath, [...args], {
    cwd: task,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...environmentOf(template, fn, names),
      _HANDLER: `${id.replace('Function', '').toLowerCase()}.${fn.exportName}`,
      LAMBDA_TASK_ROOT: task,
      AWS_LAMBDA_RUNTIME_API: started.address,
      AWS_LAMBDA_FUNCTION_NAME: id,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memory),
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${id}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'tested',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      AWS_ENDPOINT_URL_DYNAMODB: stack.endpoints.dynamodb,
      AWS_ENDPOINT_URL_S3: stack.endpoints.s3,
      AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
    },
  })
  child.once('exit', (code, signal) => started.ended(`The runtime ended (${signal ?? code}).`))
  return started
}

const httpEvent = (method: string, path: string, body?: object): object => {
  const [bare = ''] = path.split('?')
  const match = matchRoute(template.routes, method, bare)
  if (!match) throw new Error(`The template has no route for ${path}.`)
  const wire = {
    method,
    target: path,
    rawHeaders: ['Host', 'localhost', 'Content-Type', 'application/fhir+json', 'Accept-Encoding', 'identity'],
    body: Buffer.from(body ? JSON.stringify(body) : ''),
    sourceIp: '127.0.0.1',
    port: 80,
  }
  const { stage, binaryTypes } = template
  return proxyEvent(wire, { stage, binaryTypes, match, claims: openClaims })
}

const answerOf = (posted: Posted) => {
  expect([posted.kind, posted.mode, posted.contentType, posted.errorType]).toEqual([
    'response',
    'streaming',
    'application/vnd.awslambda.http-integration-response',
    undefined,
  ])
  const { statusCode, headers, body } = streamedIn(posted)
  return { statusCode, headers, json: JSON.parse(body.toString()) }
}

const patient = { resourceType: 'Patient', name: [{ family: 'Packed' }] }

describe.each(runtimes)('a package under $name', (runtime) => {
  test('of the metadata answers whole', async () => {
    const { kind, mode, body } = await (await start('MetadataFunction', runtime)).invoke(
      httpEvent('GET', '/metadata'),
    )
    expect([kind, mode]).toEqual(['response', undefined])
    const answer = JSON.parse(body.toString())
    expect([answer.statusCode, JSON.parse(answer.body).resourceType]).toEqual([200, 'CapabilityStatement'])
  })

  test('of patients streams what it stored and found, sampled by X-Ray or not', async () => {
    const running = await start('PatientFunction', runtime)
    const created = answerOf(await running.invoke(httpEvent('POST', '/Patient', patient)))
    expect([created.statusCode, created.json.name]).toEqual([201, patient.name])
    const path = `/Patient/${created.json.id}`
    const read = answerOf(await running.invoke(httpEvent('GET', path)))
    expect(read.json).toEqual(created.json)
    const sampled = 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1'
    expect(answerOf(await running.invoke(httpEvent('GET', path), sampled)).json).toEqual(created.json)
    const gone = answerOf(await running.invoke(httpEvent('GET', '/Patient/none')))
    expect([gone.statusCode, gone.json.resourceType]).toEqual([404, 'OperationOutcome'])
  })

  test.each([
    ['BundleFunction', 'GET', '/?_type=Patient&_count=1', 'Bundle'],
    ['ObservationFunction', 'GET', '/Observation?code=a', 'Bundle'],
    ['ResourceFunction', 'GET', '/Encounter?status=planned', 'Bundle'],
  ])('of the %s streams', async (id, method, path, resourceType) => {
    const { statusCode, json } = answerOf(await (await start(id, runtime)).invoke(httpEvent(method, path)))
    expect([statusCode, json.resourceType]).toEqual([200, resourceType])
  })

  test('of the jobs takes the first message of S3, which names no object', async () => {
    const running = await start('JobFunction', runtime)
    const body = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'upload-bucket' })
    const { kind, body: result } = await running.invoke({ Records: [{ messageId: '1', body }] })
    expect([kind, result.toString()]).toEqual(['response', 'null'])
  })

  test('of the stream reports no failure of no records', async () => {
    const { kind, body } = await (await start('StreamFunction', runtime)).invoke({ Records: [] })
    expect([kind, JSON.parse(body.toString())]).toEqual(['response', { batchItemFailures: [] }])
  })

  test('posts an error where its handler throws', async () => {
    const { kind, body } = await (await start('JobFunction', runtime)).invoke({})
    expect([kind, JSON.parse(body.toString()).errorType]).toEqual(['error', 'TypeError'])
  })
})
