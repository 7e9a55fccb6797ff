import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { bareProfile, baseNeeded, compiledProfileOf } from '../../src/validate/profile/compile/compile.ts'
import { coreType, type StructureDefinition } from '../../src/validate/profile/compile/definition.ts'
import type { Profile } from '../../src/validate/profile/compile/rule.ts'
import { judgeByProfiles } from '../../src/validate/profile/judge.ts'
import type { Knowledge } from '../../src/validate/profile/run.ts'
import { validate } from '../../src/validate/validate.ts'
import table from '../cases/profiles.json' with { type: 'json' }

interface Case {
  fault: string
  profile: string
  resource: Resource
  /** Where, what it says, and how bad it is where that is not an error. */
  issues: [expression: string, says: string, severity?: string][]
}

const definitions = new Map(
  (table.profiles as unknown as StructureDefinition[]).map((each) => [each.url, each] as const),
)

const chainOf = (definition: StructureDefinition): [StructureDefinition, ...StructureDefinition[]] => {
  const base = definitions.get(baseNeeded(definition) ?? '')
  return base ? [definition, ...chainOf(base)] : [definition]
}

const compiled = new Map<string, Profile | null>()

const profile = (url: string): Profile | null => {
  const definition = definitions.get(url)
  const type = coreType(url)
  const known = compiled.get(url)
  if (known !== undefined) return known
  const made = type ? bareProfile(url, type) : definition ? compiledProfileOf(chainOf(definition)) : null
  compiled.set(url, made)
  return made
}

const codes: Readonly<Record<string, readonly string[]>> = table.codes

const knowledge: Knowledge = {
  profile,
  code: (valueSet, { system = '', code }) =>
    codes[valueSet] ? (codes[valueSet].includes(`${system}|${code}`) ? 'yes' : 'no') : 'unknown',
}

const cases = table.cases as unknown as Case[]

test.each(cases)('finds $fault, and nothing else', ({ profile: url, resource, issues }) => {
  const found = judgeByProfiles(resource, { profiles: [url] }, knowledge)
  expect(found.issues.map(({ expression, severity }) => [expression, severity])).toEqual(
    issues.map(([expression, , severity = 'error']) => [expression, severity]),
  )
  for (const [i, [, says]] of issues.entries()) expect(found.issues[i]?.diagnostics).toContain(says)
  expect([...found.questions.profiles, ...found.questions.codes]).toEqual([])
})

test('every case is a resource that R4 allows', () => {
  const wrong = cases.flatMap(({ fault, resource }) =>
    validate(resource, resource.resourceType).map((issue) => [fault, issue]),
  )
  expect(wrong).toEqual([])
})
