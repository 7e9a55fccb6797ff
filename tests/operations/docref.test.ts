import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const summary = loinc('34133-9')
const letter = loinc('11488-4')

const document = (id: string, patient: string, type: object, start: string, more: object = {}) => ({
  resourceType: 'DocumentReference',
  id,
  status: 'current',
  type,
  subject: { reference: `Patient/${patient}` },
  date: `${start}T12:00:00Z`,
  content: [{ attachment: { url: `Binary/${id}` } }],
  context: { period: { start, end: start } },
  ...more,
})

beforeAll(async () => {
  server = await startServer()
  const resources = [
    ...['a', 'b', 'c'].map((id) => ({ resourceType: 'Patient', id })),
    document('old-ccd', 'a', summary, '2024-01-01'),
    document('new-ccd', 'a', summary, '2025-01-01'),
    document('gone-ccd', 'a', summary, '2026-01-01', { status: 'entered-in-error' }),
    document('letter', 'a', letter, '2025-06-01', { meta: { profile: ['http://example.org/letter'] } }),
    document('only-letter', 'b', letter, '2025-06-01'),
  ]
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }))
  const { status, text } = await server.ask('POST', '/', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
  })
  expect(status, text).toBe(200)
})
afterAll(() => server?.stop())

test.each([
  ['patient=a', ['new-ccd']],
  ['patient=Patient/a', ['new-ccd']],
  ['patient=b', ['only-letter']],
  ['patient=c', []],
  ['patient=nobody', []],
  ['patient=a&type=http://loinc.org|11488-4', ['letter']],
  ['patient=a&type=http://loinc.org|11488-4&type=34133-9', ['letter', 'new-ccd']],
  ['patient=a&start=2025-01-01', ['letter', 'new-ccd']],
  ['patient=a&end=2024-12-31', ['old-ccd']],
  ['patient=a&start=2024-01-01&end=2025-03-01T00:00:00Z', ['new-ccd', 'old-ccd']],
  ['patient=a&start=2024-01-01&type=34133-9', ['new-ccd', 'old-ccd']],
  ['patient=a&profile=http://example.org/letter', ['letter']],
  ['patient=a&on-demand=true', []],
  ['patient=a&on-demand=false', ['new-ccd']],
])('$docref?%s finds %j', async (query, ids) => {
  const { status, json, text } = await server.ask('GET', `/DocumentReference/$docref?${query}`)
  expect(status, text).toBe(200)
  expect([json.type, json.total]).toEqual(['searchset', ids.length])
  const found = (json.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id)
  expect(found.sort()).toEqual([...ids].sort())
})

test('$docref is posted with Parameters too', async () => {
  const parameter = [
    { name: 'patient', valueId: 'a' },
    { name: 'type', valueCoding: { system: 'http://loinc.org', code: '11488-4' } },
  ]
  const { json } = await server.ask('POST', '/DocumentReference/$docref', {
    body: { resourceType: 'Parameters', parameter },
  })
  expect(json.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual(['letter'])
})

test.each([
  ['', /needs the id of a patient/],
  ['patient=a/b/c', /needs the id of a patient/],
  ['patient=a&start=soon', /not a date/],
  ['patient=a&colour=red', /no parameter of/],
])('$docref?%s is refused', async (query, reason) => {
  const { status, json } = await server.ask('GET', `/DocumentReference/$docref?${query}`)
  expect([status, json.issue[0].diagnostics]).toEqual([400, expect.stringMatching(reason)])
})
