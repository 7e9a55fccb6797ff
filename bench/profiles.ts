import { existsSync, globSync, readFileSync } from 'node:fs'
import type { Resource } from '../src/fhir/definitions.ts'
import { projectRoot } from '../src/local/template/template.ts'
import { bareProfile, compiledProfileOf } from '../src/validate/profile/compile/compile.ts'
import { coreType, type StructureDefinition } from '../src/validate/profile/compile/definition.ts'
import type { Profile } from '../src/validate/profile/compile/rule.ts'
import { judgeByProfiles } from '../src/validate/profile/judge.ts'
import type { Knowledge } from '../src/validate/profile/run.ts'
import { standardDefinition } from '../src/validate/profile/standard.ts'
import { validate } from '../src/validate/validate.ts'
import type { Bundles } from './bundles.ts'
import type { Section } from './figures.ts'
import { perResource, resourcesOf } from './validation.ts'

const guide = `${projectRoot}../shared/data/us-core-6.1.0`
const address = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-'

/** Whether US Core lies beside the project. */
export const hasGuide = existsSync(guide)

const definitions = (): Map<string, StructureDefinition> =>
  new Map(
    globSync(`${guide}/StructureDefinition-*.json`)
      .map((file) => JSON.parse(readFileSync(file, 'utf8')) as StructureDefinition)
      .map((definition) => [definition.url, definition]),
  )

/** Every code is taken as one of its value set: what terminology takes to answer is another measurement. */
const knowledgeOf = (held: ReadonlyMap<string, StructureDefinition>): Knowledge => {
  const made = new Map<string, Profile | null>()
  const make = (url: string): Profile | null => {
    const type = coreType(url)
    const definition = held.get(url) ?? standardDefinition(url)
    if (type) return bareProfile(url, type)
    return definition ? compiledProfileOf([definition]) : null
  }
  return {
    code: () => 'yes',
    profile: (url) => {
      const [plain = ''] = url.split('|')
      const profile = made.has(plain) ? made.get(plain) : make(plain)
      made.set(plain, profile ?? null)
      return profile
    },
  }
}

const codeOf = ({ code }: Resource): string =>
  (code as { coding?: { code?: string }[] } | undefined)?.coding?.[0]?.code ?? ''

/** What is measured by which profile. */
const rows: readonly [string, string, (resource: Resource) => boolean][] = [
  ['Patient', 'patient', ({ resourceType }) => resourceType === 'Patient'],
  [
    'Observation, laboratory',
    'observation-lab',
    (resource) => JSON.stringify(resource.category ?? '').includes('"laboratory"'),
  ],
  ['Observation, body weight', 'body-weight', (resource) => codeOf(resource) === '29463-7'],
  [
    'Observation, blood pressure',
    'blood-pressure',
    (resource) => ['85354-9', '55284-4'].includes(codeOf(resource)),
  ],
  ['Encounter', 'encounter', ({ resourceType }) => resourceType === 'Encounter'],
  ['MedicationRequest', 'medicationrequest', ({ resourceType }) => resourceType === 'MedicationRequest'],
]

/** There are few patients among many resources: each is taken so often that what is measured is not the engine's warming up. */
const often = <T>(few: readonly T[]): T[] =>
  Array.from({ length: Math.ceil(2000 / Math.max(few.length, 1)) }, () => few).flat()

/** Measures what a profile of US Core adds to the validation of a resource, everything being known. */
export const profilesSection = (bundles: Bundles): Section => {
  const knowledge = knowledgeOf(definitions())
  const all = resourcesOf(bundles)
  const measured = rows.map(([name, profile, isMeant]) => {
    const resources = often(all.filter(isMeant))
    const asked = { profiles: [address + profile] }
    const own = perResource(resources, (resource) => judgeByProfiles(resource, asked, knowledge))
    return {
      name,
      own,
      base: perResource(resources, (resource) => validate(resource, resource.resourceType)),
    }
  })
  return {
    title: 'Profiles',
    note: `Microseconds per resource of ${bundles.source} for R4 itself, and for US Core's profile beyond it, its invariants included; profiles and answers about codes are known, as they are after a process's first writes.`,
    columns: ['', 'R4', "US Core's profile"],
    rows: measured.map(({ name, base, own }) => [name, base, own]),
    figures: measured.map(({ name, own }) => ({ name: `US Core, ${name}`, value: own, unit: 'µs' })),
  }
}
