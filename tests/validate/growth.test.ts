import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { indexEntriesOf } from '../../src/search/index/entries.ts'
import { validate } from '../../src/validate/validate.ts'

/** How often a validation looks at the ids of so many contained resources, each of which is referred to once. */
const looksAtIds = (count: number): number => {
  let looks = 0
  const organization = (nth: number) => ({
    resourceType: 'Organization',
    name: `Clinic ${nth}`,
    get id() {
      looks++
      return `o${nth}`
    },
  })
  const numbers = [...Array(count).keys()]
  const patient = {
    resourceType: 'Patient',
    contained: numbers.map(organization),
    generalPractitioner: numbers.map((nth) => ({ reference: `#o${nth}` })),
  }
  expect(validate(patient, 'Patient')).toEqual([])
  return looks
}

test('the work for links to contained resources grows with their number, not with its square', () => {
  expect(looksAtIds(400)).toBeLessThan(4.5 * looksAtIds(100))
})

/** How often some work looks at the values of so many identifiers. */
const looksAtIdentifiers = (count: number, work: (resource: Resource) => unknown): number => {
  let looks = 0
  const identifier = (nth: number) => ({
    system: 'urn:x',
    get value() {
      looks++
      return `v${nth}`
    },
  })
  work({ resourceType: 'Patient', identifier: Array.from({ length: count }, (_, nth) => identifier(nth)) })
  expect(looks).toBeGreaterThanOrEqual(count)
  return looks
}

test('the work for identifiers grows with their number, not with its square, and so do their entries', () => {
  const check = (resource: object) => expect(validate(resource, 'Patient')).toEqual([])
  expect(looksAtIdentifiers(2_000, check)).toBeLessThan(4.5 * looksAtIdentifiers(500, check))
  const index = (resource: Resource) => indexEntriesOf(resource, '2026-01-01T00:00:00.000Z')
  expect(looksAtIdentifiers(2_000, index)).toBeLessThan(4.5 * looksAtIdentifiers(500, index))
})
