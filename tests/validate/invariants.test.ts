import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { readDefinitions } from '../../src/fhir/generate/source.ts'
import { invariantsOf } from '../../src/validate/invariants.ts'
import { dataFiles, readData } from '../fhir/official.ts'
import { otherwise } from './otherwise.ts'

const rules = new Map<string, string>()
for (const { snapshot } of readDefinitions().structures) {
  for (const { path, constraint = [] } of snapshot.element) {
    for (const { key, expression } of constraint) rules.set(`${path} ${key}`, expression)
  }
}

const compiled = new Map<string, (resource: object, variables: object) => unknown[]>()

/** Judges the resource's own rules by both; returns the keys over which they differ. */
const differences = (resource: Resource): string[] => {
  const own = invariantsOf(resource.resourceType)
  return own
    .filter(({ key }) => !otherwise.test(key))
    .filter(({ key, holds }) => {
      const rule = `${resource.resourceType} ${key}`
      const run =
        compiled.get(rule) ?? fhirpath.compile(rules.get(rule) ?? '', r4, { async: false, traceFn: () => {} })
      compiled.set(rule, run)
      const [expected] = run(resource, { resource })
      return (holds(resource, resource) === true) !== (expected === true)
    })
    .map(({ key }) => `${resource.resourceType}/${resource.id} ${key}`)
}

/** Returns the resource without each of its members in turn: most rules are about what must stand together. */
const mutants = (resource: Resource): Resource[] =>
  Object.keys(resource)
    .filter((name) => name !== 'resourceType' && name !== 'id')
    .map((name) => Object.fromEntries(Object.entries(resource).filter(([key]) => key !== name)) as Resource)

const examples = dataFiles('r4-examples').filter((_, i) => i % 9 === 0)

test.runIf(examples.length > 0)('invariants judge examples and their mutants as FHIRPath does', () => {
  const found = examples.flatMap((file) => {
    const resource = readData<Resource>(file)
    if (JSON.stringify(resource).length > 30_000) return []
    return [resource, ...mutants(resource)].flatMap(differences)
  })
  expect(found).toEqual([])
})

test('invariants judge hand-written resources as FHIRPath does', () => {
  const observation = {
    resourceType: 'Observation',
    id: 'o',
    code: { coding: [{ code: 'a' }] },
    valueString: 'x',
  }
  const component = [{ code: { coding: [{ code: 'a' }] } }]
  const resources = [
    { ...observation, component, dataAbsentReason: { text: 'x' } },
    {
      resourceType: 'Bundle',
      id: 'b',
      type: 'history',
      total: 1,
      entry: [{ request: {} }, { response: {} }],
    },
    { resourceType: 'Organization', id: 'n', active: true },
  ]
  for (const resource of resources) expect([resource, ...mutants(resource)].flatMap(differences)).toEqual([])
})
