import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const base = 'https://api.example.org/fhir'

const observation = (id: string, patient: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: '2026-01-01T08:00:00Z',
  ...more,
})

beforeAll(async () => {
  server = await startServer()
  const put = (resource: { resourceType: string; id: string }) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  })
  const entry = [
    put({ resourceType: 'Patient', id: 'ann' }),
    put({ resourceType: 'Patient', id: 'bob' }),
    put({ resourceType: 'Practitioner', id: 'dr' }),
    ...Array.from({ length: 25 }, (_, i) =>
      put(observation(`a${i}`, 'ann', { performer: [{ reference: 'Practitioner/dr' }] })),
    ),
    put(observation('b0', 'bob')),
  ]
  await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  await ask('PUT', '/Observation/a0', { body: observation('a0', 'bob') })
  await ask('PUT', '/Observation/a1', { body: observation('a1', 'ann', { effectiveDateTime: '2026-02-01' }) })
  await ask('DELETE', '/Observation/a2')
})
afterAll(() => server?.stop())

type Entry = { resource: { resourceType: string; id: string }; search: { mode: string } }
const pathsOf = (entries: Entry[]) => entries.map(({ resource }) => `${resource.resourceType}/${resource.id}`)

const expected = ['Patient/ann', ...Array.from({ length: 24 }, (_, i) => `Observation/a${i + 1}`)].filter(
  (path) => path !== 'Observation/a2',
)

test('everything of a patient is the patient, the compartment as it is now, and who took part', async () => {
  const { status, json } = await ask('GET', '/Patient/ann/$everything')
  expect(status).toBe(200)
  const matches = json.entry.filter(({ search }: Entry) => search.mode === 'match')
  expect(pathsOf(matches).sort()).toEqual([...expected].sort())
  const included = json.entry.filter(({ search }: Entry) => search.mode === 'include')
  expect(pathsOf(included)).toEqual(['Practitioner/dr'])
})

test('everything comes in pages, each resource once', async () => {
  const found: string[] = []
  let url: string | undefined = `${base}/Patient/ann/$everything?_count=7`
  while (url) {
    const { json } = await ask('GET', url.slice(base.length))
    found.push(...pathsOf((json.entry ?? []).filter(({ search }: Entry) => search.mode === 'match')))
    url = json.link.find(({ relation }: { relation: string }) => relation === 'next')?.url
  }
  expect(found.sort()).toEqual([...expected].sort())
})

test('everything can be narrowed by type', async () => {
  const { json } = await ask('GET', '/Patient/ann/$everything?_type=Patient')
  expect(pathsOf(json.entry)).toEqual(['Patient/ann'])
})

test.each([
  ['/Patient/nobody/$everything', 404],
  ['/Patient/ann/$everything?colour=red', 400],
  ['/Patient/ann/$everything?_cursor=x', 400],
  ['/Patient/ann/$everything?_type=Nonsense', 404],
  ['/Observation/b0/$everything', 404],
])('%s is answered with %i', async (target, status) => {
  expect((await ask('GET', target)).status).toBe(status)
})

test.each([
  ['a valid resource', { resourceType: 'Patient' }, 'information'],
  ['an invalid resource', { resourceType: 'Patient', colour: 'red' }, 'error'],
  ['another type', { resourceType: 'Group' }, 'error'],
  [
    'a resource in Parameters',
    {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient', gender: 'x' } }],
    },
    'error',
  ],
])('validates %s and stores nothing', async (_, body, severity) => {
  const { status, json } = await ask('POST', '/Patient/$validate', { body })
  expect([status, json.resourceType, json.issue[0].severity]).toEqual([200, 'OperationOutcome', severity])
})

test('tells the meta of a resource', async () => {
  const { json } = await ask('GET', '/Observation/a1/$meta')
  expect(json.parameter[0].valueMeta.versionId).toBe('2')
})

test('are stated where they are served', async () => {
  const { json } = await ask('GET', '/metadata', { open: true })
  const of = (type: string) =>
    json.rest[0].resource
      .find((resource: { type: string }) => resource.type === type)
      .operation.map(({ name }: { name: string }) => name)
  expect(of('Patient')).toEqual(['validate', 'meta', 'everything'])
  expect(of('Observation')).toEqual(['validate', 'meta'])
})
