import { expect, test } from 'vitest'
import { error, failure, failureKinds, warning } from '../../src/outcome/failure.ts'
import {
  failOn,
  issuesOf,
  issueWithin,
  operationOutcome,
  outcomeText,
  statusOf,
} from '../../src/outcome/outcome.ts'

test('tells an issue with severity, code, our own code, diagnostics and expression', () => {
  expect(operationOutcome([error('required', 'Where is it?', 'Patient.name')])).toEqual({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: 'required',
        details: { coding: [{ system: 'urn:pilotlight:failure', code: 'required' }] },
        diagnostics: 'Where is it?',
        expression: ['Patient.name'],
      },
    ],
  })
})

test('says that all is well where there is nothing to tell', () => {
  expect(JSON.parse(outcomeText([])).issue[0].severity).toBe('information')
})

test('takes the status from the first error, not from a warning before it', () => {
  expect(statusOf([warning('invalid', 'a'), error('version-conflict', 'b'), error('not-found', 'c')])).toBe(
    412,
  )
})

test('fails on errors and lets warnings pass', () => {
  expect(() => failOn([warning('invalid', 'a')])).not.toThrow()
  expect(() => failOn([error('invalid', 'a')])).toThrow('a')
})

test('shows of a fault only the request id', () => {
  const [issue] = issuesOf(new Error('secret'), 'abc-1')
  expect(issue?.diagnostics).toContain('abc-1')
  expect(issue?.diagnostics).not.toContain('secret')
  expect(failureKinds[issue?.kind ?? 'invalid'].status).toBe(500)
})

test('keeps a failure as it is', () => {
  expect(issuesOf(failure('conflict', 'x'), '1')[0]?.kind).toBe('conflict')
})

test.each([
  ['Patient.name[0].family', 'Bundle.entry[3].resource.name[0].family'],
  ['Patient', 'Bundle.entry[3].resource'],
  [undefined, 'Bundle.entry[3].resource'],
])('places %s in a Bundle', (expression, placed) => {
  expect(issueWithin(error('invalid', 'x', expression), 'Bundle.entry[3].resource').expression).toBe(placed)
})
