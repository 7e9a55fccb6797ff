import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { evaluate } from 'fhirpath'
import model from 'fhirpath/fhir-context/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchParameters } from '../../src/fhir/parameters.ts'
import { searchExpression } from '../../src/fhir/path/expressions.ts'
import { allIds, type Known, putAll } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { readable, searchTexts } from './texts.ts'

const folder = new URL('../../../shared/data/synthea/', import.meta.url)
const bundles = Number(process.env.SYNTHEA ?? 2)
const long = '2026-01-01T00:00:00.000Z'

/** The bundle's resources with their links resolved, as a transaction stores them. */
const resourcesOf = (file: string): Known[] => {
  const text = readFileSync(new URL(file, folder), 'utf8')
  const { entry } = JSON.parse(text) as { entry: { fullUrl: string; resource: Known }[] }
  const keys = new Map(
    entry.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]),
  )
  const linked = text.replace(/urn:uuid:[0-9a-f-]{36}/g, (urn) => keys.get(urn) ?? urn)
  return (JSON.parse(linked) as { entry: { resource: Known }[] }).entry.map(({ resource }) => resource)
}

describe.skipIf(!existsSync(folder))('in Synthea’s data', () => {
  let engines: Engines
  const resources = existsSync(folder)
    ? readdirSync(folder).sort().slice(0, bundles).flatMap(resourcesOf)
    : []
  const types = [...new Set(resources.map(({ resourceType }) => resourceType))]

  beforeAll(async () => {
    engines = await startEngines()
    await putAll(engines.openStore('main'), resources, long)
  })

  afterAll(() => engines?.stop())

  const texts = (type: string, parameterType: string, expression: string): Map<string, Set<string>> => {
    const found = new Map<string, Set<string>>()
    for (const resource of resources.filter(({ resourceType }) => resourceType === type)) {
      for (const value of evaluate(resource, readable(expression), undefined, model, {
        async: false,
      }) as unknown[]) {
        for (const text of searchTexts(parameterType, value)) {
          found.set(text, (found.get(text) ?? new Set()).add(resource.id))
        }
      }
    }
    return found
  }

  test.each(types)('every value of a %s finds exactly the resources that have it', async (type) => {
    for (const { code, type: parameterType } of searchParameters(type).values()) {
      const expression = searchExpression(type, code)
      if (expression.includes('resolve()') || code.startsWith('_') || !expression) continue
      const all = texts(type, parameterType, expression)
      for (const [text, ids] of [...all].slice(0, 6)) {
        const url = `${type}?${new URLSearchParams([
          [code, text],
          ['_count', '1000'],
        ])}`
        const found = await allIds(engines.openStore('main'), url)
        if (parameterType === 'string' || parameterType === 'date')
          expect(found, url).toEqual(expect.arrayContaining([...ids]))
        else expect(found.toSorted(), url).toEqual([...ids].toSorted())
      }
    }
  })
})
