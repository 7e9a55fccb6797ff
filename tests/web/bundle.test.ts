import type { Bundle } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { outcomeOf, refusalsOf, unfit } from '../../client/web/src/bundle/outcome.ts'
import { observed } from './data.ts'

const sent: Bundle = {
  resourceType: 'Bundle',
  type: 'batch',
  entry: [
    { resource: { resourceType: 'Patient' } },
    { resource: observed('29463-7', 80, 'kg', { code: { text: 'Body Weight' } }) },
  ],
}

test('names the entry that a refused transaction is about', () => {
  const issue = {
    severity: 'error' as const,
    code: 'value' as const,
    diagnostics: '`x` is not a status.',
    expression: ['Bundle.entry[1].resource.status'],
  }
  expect(refusalsOf([issue], sent)).toEqual([
    {
      entry: 1,
      what: 'Observation “Body Weight”',
      severity: 'error',
      why: '`x` is not a status.',
      where: 'status',
    },
  ])
})

test('counts what a batch stored and lists what it refused', () => {
  const outcome = {
    resourceType: 'OperationOutcome' as const,
    issue: [{ severity: 'error' as const, code: 'value' as const, diagnostics: 'No.' }],
  }
  const answer: Bundle = {
    resourceType: 'Bundle',
    type: 'batch-response',
    entry: [
      { response: { status: '201 Created', location: 'http://x/fhir/Patient/7/_history/1' } },
      { response: { status: '400 Bad Request', outcome } },
    ],
  }
  expect(outcomeOf(sent, answer)).toEqual({
    stored: 1,
    byType: [['Patient', 1]],
    patients: ['7'],
    refusals: [{ entry: 1, what: 'Observation “Body Weight”', severity: 'error', why: 'No.' }],
  })
})

test('says why a file cannot be posted', () => {
  expect(unfit({ resourceType: 'Patient' })).toContain('`Patient`')
  expect(unfit([])).toContain('not a FHIR resource')
  expect(unfit({ resourceType: 'Bundle', type: 'collection' })).toContain('`collection`')
  expect(unfit({ resourceType: 'Bundle', type: 'batch' })).toBeUndefined()
})
