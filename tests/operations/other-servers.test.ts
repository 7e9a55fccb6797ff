/** A link below another server's address is no link to a resource here, though it ends in the same type and id. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const base = 'https://api.example.org/fhir'
const alias = 'https://ehr.example.org/r4'
const other = 'http://other.example.org/fhir'

const put = (resource: { resourceType: string; id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})
const observation = (id: string, prefix: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  subject: { reference: `${prefix}Patient/twin` },
  performer: [{ reference: `${prefix}Practitioner/dr` }],
  effectiveDateTime: '2026-01-01',
})

beforeAll(async () => {
  server = await startServer()
  const entry = [
    put({ resourceType: 'Patient', id: 'twin' }),
    put({ resourceType: 'Practitioner', id: 'dr' }),
    put(observation('relative', '')),
    put(observation('absolute', `${base}/`)),
    put(observation('aliased', `${alias}/`)),
    put(observation('elsewhere', `${other}/`)),
  ]
  const { status } = await server.ask('POST', '/', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
  })
  expect(status).toBe(200)
})
afterAll(() => server?.stop())

type Entry = { resource: { resourceType: string; id: string } }

const observationsAt = async (target: string): Promise<string[]> => {
  const { json } = await server.ask('GET', target)
  const ids: string[] = ((json.entry ?? []) as Entry[])
    .filter(({ resource }) => resource.resourceType === 'Observation')
    .map(({ resource }) => resource.id)
  const next = json.link?.find(({ relation }: { relation: string }) => relation === 'next')?.url
  return next ? [...ids, ...(await observationsAt(next.slice(base.length)))] : ids
}

const targets = [
  '/Patient/twin/$everything',
  '/Patient/twin/$everything?_count=1',
  '/Patient/twin/$everything?_type=Observation',
  '/Patient/twin/$everything?start=2025-01-01&end=2027-01-01',
  '/Patient/$everything',
  '/Patient/$everything?_type=Observation&_count=1',
  '/Patient/twin/Observation',
  '/Observation?patient=twin',
  '/Observation?subject=Patient/twin',
  '/Observation?patient:Patient.active:missing=true',
  '/Patient?_id=twin&_revinclude=Observation:subject',
  '/Practitioner?_id=dr&_revinclude=*',
  '/Observation/$lastn?patient=twin&max=9',
]

test.each(targets)('%s is of our own patient alone', async (target) => {
  expect((await observationsAt(target)).sort()).toEqual(['absolute', 'relative'])
})

describe('with another address of our own', () => {
  beforeAll(() => {
    process.env.FHIR_BASES = `https://old.example.org/fhir, ${alias}`
  })
  afterAll(() => {
    delete process.env.FHIR_BASES
  })

  test.each(targets)('%s is of our own patient by every address', async (target) => {
    expect((await observationsAt(target)).sort()).toEqual(['absolute', 'aliased', 'relative'])
  })

  test.each([`${alias}/Patient/twin`, `${base}/Patient/twin`])('%s names our own patient', async (link) => {
    expect((await observationsAt(`/Observation?patient=${link}`)).sort()).toEqual([
      'absolute',
      'aliased',
      'relative',
    ])
  })

  test('what is elsewhere is found by where it is', async () => {
    expect(await observationsAt(`/Observation?patient=${other}/Patient/twin`)).toEqual(['elsewhere'])
  })
})
