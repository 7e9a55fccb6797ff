import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { restoreFrom } from '../../src/local/restore.ts'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { killJobs, redelivering } from './later.ts'

const template = redelivering(10)
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ open: true, environments: 2, template })
})
afterAll(() => stack?.stop())

const ask = async (method: string, path: string, body?: object, of = stack) => {
  const headers = { 'content-type': 'application/fhir+json' }
  const sent = body ? { body: JSON.stringify(body) } : {}
  const response = await fetch(of.url + path, { method, headers, ...sent })
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape
  return { status: response.status, json: (await response.json()) as any }
}

const state = async (): Promise<string> => (await ask('GET', '/$reindex')).json.parameter[0].valueCode

test('what is defined is indexed in the background, though its worker is killed, and then told of', async () => {
  const patient = (i: number) => ({
    resourceType: 'Patient',
    extension: [{ url: 'urn:ward', valueCode: `w${i % 2}` }],
  })
  const entry = Array.from({ length: 400 }, (_, i) => ({
    resource: patient(i),
    request: { method: 'POST', url: 'Patient' },
  }))
  await ask('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })
  const { status } = await ask('POST', '/SearchParameter', {
    resourceType: 'SearchParameter',
    status: 'active',
    url: 'http://example.org/SearchParameter/ward',
    name: 'Ward',
    description: 'The ward',
    code: 'ward',
    base: ['Patient'],
    type: 'token',
    expression: "Patient.extension('urn:ward').value",
  })
  expect(status).toBe(201)
  while ((await state()) !== 'running') await sleep(50)
  killJobs(stack, template)
  while ((await state()) !== 'done') await sleep(200)
  expect((await ask('GET', '/Patient?ward=w1&_summary=count')).json.total).toBe(200)
  const { json } = await ask('GET', '/metadata')
  expect(JSON.stringify(json)).toContain('http://example.org/SearchParameter/ward')
}, 120_000)

test('what is lost comes back from the archive, into empty tables only', async () => {
  await stack.drained()
  const empty = await startStack({ open: true, environments: 1 })
  onTestFinished(() => empty.stop())
  const env = {
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    AWS_ENDPOINT_URL_DYNAMODB: empty.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: stack.endpoints.s3,
    RESOURCES_TABLE: 'resources-table',
    SEARCH_TABLE: 'search-table',
    SYSTEM_TABLE: 'system-table',
    ARCHIVE_BUCKET: 'archive-bucket',
  }
  expect(await restoreFrom(undefined, env)).toBe(401)
  await expect(restoreFrom(undefined, env)).rejects.toThrow('`resources-table` holds resources')
  const { json: before } = await ask('GET', '/Patient?_count=2&_sort=_id')
  const { json: after } = await ask('GET', '/Patient?_count=2&_sort=_id', undefined, empty)
  expect(after.entry[0].resource).toEqual(before.entry[0].resource)
}, 60_000)
