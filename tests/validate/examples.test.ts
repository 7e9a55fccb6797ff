import { basename } from 'node:path'
import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { demoBundles } from '../../src/local/demo/bundle.ts'
import { validate } from '../../src/validate/validate.ts'
import invalid from '../cases/invalid-examples.json' with { type: 'json' }
import { dataFiles, readData } from '../fhir/official.ts'

/** Returns where each resource that is not valid fails first. */
const faultsIn = (resources: Iterable<readonly [name: string, resource: Resource]>) => {
  const found: Record<string, string | undefined> = {}
  for (const [name, resource] of resources) {
    const [first] = validate(resource, resource.resourceType)
    if (first) found[name] = first.expression
  }
  return found
}

/** US Core's examples lie in a folder of their own; what lies beside them are its profiles and value sets. */
const filesOf = (folder: string): string[] => [...dataFiles(folder), ...dataFiles(`${folder}/example`)]

function* read(folder: string): Generator<readonly [string, Resource]> {
  for (const file of filesOf(folder)) {
    const resource = readData<Resource>(file)
    if (resource.resourceType) yield [basename(file, '.json'), resource]
  }
}

const expected = (folder: 'r4-examples' | 'us-core-6.1.0') =>
  Object.fromEntries(Object.entries(invalid[folder]).map(([name, { expression }]) => [name, expression]))

for (const folder of ['r4-examples', 'us-core-6.1.0'] as const) {
  test.runIf(filesOf(folder).length > 0)(`every example of ${folder} is valid but for those listed`, () => {
    expect(faultsIn(read(folder))).toEqual(expected(folder))
  })
}

test('every resource that the demonstration makes up is valid', () => {
  const entries = [...demoBundles(20)].flatMap(
    (text) => (JSON.parse(text) as { entry: { resource: Resource }[] }).entry,
  )
  expect(entries.length).toBeGreaterThan(500)
  expect(faultsIn(entries.map(({ resource }, i) => [`entry ${i}`, resource]))).toEqual({})
})
