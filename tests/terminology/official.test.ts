import { expect, test } from 'vitest'
import type {
  CodeSystemConcept,
  CodeSystemResource,
  ValueSetResource,
} from '../../src/terminology/resources.ts'
import { standardSystems, standardValueSets } from '../../src/terminology/systems/standard.ts'
import { dataFiles, readData } from '../fhir/official.ts'

const officialSystems = dataFiles('r4-core', 'CodeSystem-').map((file) => readData<CodeSystemResource>(file))
const officialSets = dataFiles('r4-core', 'ValueSet-').map((file) => readData<ValueSetResource>(file))

/** Tables whose published files hold broken characters for codes, or versions within their addresses. */
const odd = /v2-(0550|0360)/

/** What is judged by; of the definitions, a few characters differ. */
const codesOf = (concepts: readonly CodeSystemConcept[] = []): unknown[] =>
  concepts.map(({ code, display, property, concept }) => [code, display, property, codesOf(concept)])

test.runIf(officialSystems.length > 0)('R4’s code systems are the official ones', () => {
  for (const system of officialSystems.filter(({ url }) => !odd.test(url))) {
    const own = standardSystems(system.url).find(({ version }) => version === system.version)
    const facts = ({ content, caseSensitive, property, name }: CodeSystemResource) => [
      content,
      caseSensitive,
      property,
      name,
    ]
    expect(own && facts(own), system.url).toEqual(facts(system))
    expect(codesOf(own?.concept), system.url).toEqual(codesOf(system.concept))
  }
})

test.runIf(officialSets.length > 0)('R4’s value sets are the official ones', () => {
  for (const { url = '', version, compose } of officialSets) {
    const own = standardValueSets(url).filter((each) => each.version === version)
    expect(
      own.map((each) => each.compose),
      url,
    ).toContainEqual(compose)
  }
})
