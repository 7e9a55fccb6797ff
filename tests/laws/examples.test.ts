import { readFileSync } from 'node:fs'
import { evaluate } from 'fhirpath'
import model from 'fhirpath/fhir-context/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchParameters } from '../../src/fhir/parameters.ts'
import { searchExpression } from '../../src/fhir/path/expressions.ts'
import { dataFiles } from '../fhir/official.ts'
import { allIds, type Known, putAll } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { readable, searchTexts } from './texts.ts'

/** Every how many-th of the official examples is taken; `npm run test:long -- search` takes all. */
const step = Number(process.env.EXAMPLES ?? 120)
const long = '2026-01-01T00:00:00.000Z'

/** Two of the examples are there twice. */
const distinct = (all: readonly Known[]): Known[] => [
  ...new Map(all.map((resource) => [`${resource.resourceType}/${resource.id}`, resource])).values(),
]

const examples = dataFiles('r4-examples')
  .filter((_, i) => i % step === 0)
  .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Known)
  .filter(({ id }) => id !== undefined)
const resources = distinct(examples)
const types = [...new Set(resources.map(({ resourceType }) => resourceType))]

const valuesOf = (resource: Known, code: string): unknown[] => {
  const expression = searchExpression(resource.resourceType, code)
  // The store says itself when a resource was changed last.
  if (expression === '' || code === '_lastUpdated' || expression.includes('resolve()')) return []
  // Operand by operand: the engine cannot unite quantities that have a comparator.
  return expression
    .split(' | ')
    .flatMap(
      (operand) => evaluate(resource, readable(operand), undefined, model, { async: false }) as unknown[],
    )
}

describe.skipIf(resources.length === 0)('of the official examples', () => {
  let engines: Engines

  beforeAll(async () => {
    engines = await startEngines()
    await putAll(engines.openStore('main'), resources, long)
  }, 600_000)

  afterAll(() => engines?.stop())

  test.each(types)(
    'every %s is found by every value of every parameter',
    async (type) => {
      const lost: string[] = []
      const asked = new Map<string, Promise<readonly string[]>>()
      const idsFor = (url: string): Promise<readonly string[]> => {
        const answer = asked.get(url) ?? allIds(engines.openStore('main'), url)
        asked.set(url, answer)
        return answer
      }
      for (const resource of resources.filter(({ resourceType }) => resourceType === type))
        for (const { code, type: parameterType } of searchParameters(type).values())
          for (const text of valuesOf(resource, code).flatMap((value) => searchTexts(parameterType, value))) {
            const url = `${type}?${new URLSearchParams([[code, text]])}&_count=1000`
            const ids = await idsFor(url).catch((thrown: Error) => [thrown.message])
            if (!ids.includes(resource.id))
              lost.push(`${resource.id}: ${url} ${ids.length === 1 ? ids[0] : ''}`)
          }
      expect(lost).toEqual([])
    },
    1_800_000,
  )
})
