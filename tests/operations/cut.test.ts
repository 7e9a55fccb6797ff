import { expect, test } from 'vitest'
import type { Operation } from '../../src/operations/support/operation.ts'
import { withSummary } from '../../src/operations/support/summary.ts'
import type { Call, Dispatch } from '../../src/request/call.ts'

const operation = (type: string, resource: object): Operation => ({
  definition: {
    url: 'http://example.org/OperationDefinition/x',
    code: 'x',
    affectsState: false,
    type: true,
    instance: false,
    parameter: [{ name: 'return', use: 'out', min: 1, max: '1', type }],
  },
  methods: ['GET'],
  action: 'read',
  run: async () => ({ status: 200, text: JSON.stringify(resource) }),
})

const call = { type: 'Patient', id: '', query: [['_summary', 'true']], headers: {}, prefer: {}, body: '' }

const run = async (type: string, resource: object) =>
  withSummary(operation(type, resource)).run(call as unknown as Call, {} as Dispatch)

const parameters = (value: object) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'return', ...value }],
})

test.each([
  ['code', { valueCode: 'a' }],
  ['boolean', { valueBoolean: true }],
  ['dateTime', { valueDateTime: '2020' }],
  ['Meta', { valueMeta: {} }],
  ['Quantity', { valueQuantity: { value: 1 } }],
])('an operation that returns a %s refuses a summary, which would empty it', async (type, value) => {
  await expect(run(type, parameters(value))).rejects.toThrow('of which `_summary` leaves nothing out')
})

test('an operation that returns a resource is summarised', async () => {
  const answer = await run('ValueSet', {
    resourceType: 'ValueSet',
    status: 'active',
    compose: { include: [{ system: 'urn:x' }] },
  })
  expect(JSON.parse(answer.text ?? '')).toMatchObject({ resourceType: 'ValueSet', status: 'active' })
  expect(answer.text).not.toContain('compose')
})
