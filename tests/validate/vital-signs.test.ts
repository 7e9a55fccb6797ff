import { beforeAll, describe, expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { compiledProfileOf } from '../../src/validate/profile/compile/compile.ts'
import type { StructureDefinition } from '../../src/validate/profile/compile/definition.ts'
import type { Profile } from '../../src/validate/profile/compile/rule.ts'
import { judgeByProfiles } from '../../src/validate/profile/judge.ts'
import { standardDefinition } from '../../src/validate/profile/standard.ts'
import { dataFiles, readData } from '../fhir/official.ts'

const names =
  'vitalsigns bmi bodyheight bodytemp bodyweight bp headcircum heartrate oxygensat resprate vitalspanel'.split(
    ' ',
  )
const standard = names.map((name) => standardDefinition(`http://hl7.org/fhir/StructureDefinition/${name}`))

const usCore = dataFiles('us-core-6.1.0', 'StructureDefinition-')
  .map(readData<Resource>)
  .filter(
    ({ type, kind }) => type === 'Observation' && kind === 'resource',
  ) as unknown as StructureDefinition[]

/** The rules about when something was observed. */
const broken = (profile: Profile, effective: object): string[] => {
  const resource = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...effective }
  const { issues } = judgeByProfiles(
    resource,
    { profiles: [profile.url] },
    { profile: (url) => (url === profile.url ? profile : null), code: () => 'unknown' },
  )
  return issues
    .filter(
      ({ expression, diagnostics }) =>
        expression === 'Observation.effective' && /`[\w-]+-\d+`/.test(diagnostics),
    )
    .map(({ diagnostics }) => /`([\w-]+)`/.exec(diagnostics)?.[1] ?? '')
}

const extension = [
  { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' },
]
const allowed: [what: string, effective: object][] = [
  ['a period', { effectivePeriod: { start: '2020-01-01', end: '2020-01-02' } }],
  ['a period without its day', { effectivePeriod: { start: '2020' } }],
  ['a day', { effectiveDateTime: '2020-01-01' }],
  ['an instant', { effectiveDateTime: '2020-01-01T10:00:00Z' }],
  ['a reason why it is absent', { _effectiveDateTime: { extension } }],
]

const timed = (definitions: readonly (StructureDefinition | undefined)[]) =>
  definitions.flatMap((each) => {
    const elements = [...(each?.snapshot?.element ?? []), ...(each?.differential?.element ?? [])]
    const states = elements.some(
      ({ id, constraint = [] }) =>
        id === 'Observation.effective[x]' &&
        constraint.some(({ expression = '' }) => /\$this/.test(expression)),
    )
    return each && states ? [{ name: each.url.split('/').at(-1) ?? '', definition: each }] : []
  })

const all = timed([...standard, ...usCore])

test("R4's vital signs are among the profiles, and US Core's where the guide lies beside the project", () => {
  expect(all.map(({ name }) => name)).toContain('vitalsigns')
  if (usCore.length > 0) expect(all.length).toBeGreaterThan(15)
})

describe.each(all)('$name', ({ definition }) => {
  let profile: Profile
  beforeAll(() => {
    profile = compiledProfileOf([definition])
  })

  test.each(allowed)('accepts %s', (_, effective) => {
    expect(broken(profile, effective)).toEqual([])
  })

  test.each(['2020', '2020-01'])('refuses `%s`, which is no day', (effectiveDateTime) => {
    expect(broken(profile, { effectiveDateTime })).toHaveLength(1)
  })
})
