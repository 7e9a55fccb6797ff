import { afterAll, beforeAll, expect, test } from 'vitest'
import { heldByUrl } from '../../src/terminology/find.ts'
import { codeValidator } from '../../src/terminology/value-sets/validate-code.ts'
import { put } from '../search/hospital.ts'
import type { Engines } from '../store/engines.ts'
import { animals, cases, codingOf, setUrl, startHolding } from './held.ts'

let engines: Engines
const store = () => engines.openStore('main')

beforeAll(async () => {
  engines = await startHolding()
})
afterAll(() => engines.stop())

test.each(cases.judged as [string, string, string, string][])(
  '%s, %s: %s for %s',
  async (set, code, answer) => {
    expect(await codeValidator(store())(setUrl(set), codingOf(code, set))).toBe(answer)
  },
)

test('a value set that leads back to itself is refused, with the way', async () => {
  const judging = codeValidator(store())(setUrl('round'), { code: 'x' })
  await expect(judging).rejects.toThrow('`http://example.org/vs/round` → `http://example.org/vs/about` → ')
})

test('a code without a system is judged by the value set’s own', async () => {
  const validate = codeValidator(store())
  expect(await validate('http://hl7.org/fhir/ValueSet/administrative-gender', { code: 'male' })).toBe('yes')
  expect(await validate(setUrl('birds'), { code: 'dog' })).toBe('no')
})

test('a code without a system is in the value set where one of the systems’ codes is', async () => {
  expect(await codeValidator(store())(setUrl('twins'), { code: 'owl' })).toBe('yes')
})

test('of another version than the one that is held nothing is known but what is listed', async () => {
  const validate = codeValidator(store())
  const owl = { ...codingOf('owl'), version: '1' }
  expect(await validate(setUrl('birds'), owl)).toBe('unknown')
  expect(await validate(setUrl('some-loinc'), owl)).toBe('yes')
  expect(await validate(setUrl('birds'), { ...owl, version: '2.10' })).toBe('yes')
})

test('a canonical address leads to the newest version, or to the one that it names', async () => {
  expect(await heldByUrl(store(), 'CodeSystem', animals)).toMatchObject({ version: '2.10' })
  expect(await heldByUrl(store(), 'CodeSystem', `${animals}|2.9`)).toMatchObject({ version: '2.9' })
  expect(await heldByUrl(store(), 'CodeSystem', `${animals}|1`)).toBeUndefined()
  expect(await heldByUrl(store(), 'ValueSet', 'http://example.org/nowhere')).toBeUndefined()
})

test('what was written a moment ago is held', async () => {
  const [valueSet, coding] = ['http://example.org/vs/fresh', codingOf('owl')]
  const fresh = (code: string) => ({
    resourceType: 'ValueSet',
    id: 'fresh',
    url: valueSet,
    status: 'active',
    compose: { include: [{ system: animals, concept: [{ code }] }] },
  })
  const t = '2026-01-02T00:00:00.000Z'
  await store().commit([put(fresh('owl'), t)])
  expect(await codeValidator(store())(valueSet, coding)).toBe('yes')
  const [before] = await store().get([{ type: 'ValueSet', id: 'fresh' }])
  await store().commit([put(fresh('dog'), '2026-01-03T00:00:00.000Z', before)])
  expect(await codeValidator(store())(valueSet, coding)).toBe('no')
})
