import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { evaluate } from 'fhirpath'
import model from 'fhirpath/fhir-context/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchExpression } from '../../src/fhir/expressions.ts'
import { searchParameters } from '../../src/fhir/parameters.ts'
import { allIds, type Known, putAll } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'

const folder = new URL('../../../shared/data/synthea/', import.meta.url)
const bundles = Number(process.env.SYNTHEA ?? 2)
const long = '2026-01-01T00:00:00.000Z'

type Json = Record<string, unknown>

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

const list = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

const codesOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [String(value)]
  const { coding, system, code, value: identifier } = value as Json
  const tokens = coding ? (list(coding) as Json[]) : [{ system, code: code ?? identifier }]
  return tokens
    .filter((each) => each.code)
    .map((each) => (String(each.system).includes(':') ? `${each.system}|${each.code}` : String(each.code)))
}

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&')

/** The engine takes `as` for single values only. */
const readable = (expression: string): string => expression.replace(/\(([^()]+) as (\w+)\)/g, '$1.ofType($2)')

/** The texts by which a value, found by an engine that is not ours, should be found again. */
const searchTexts = (type: string, value: unknown): string[] => {
  if (type === 'token') return codesOf(value).map((text) => (text.includes('|') ? text : escaped(text)))
  if (type === 'reference')
    return list((value as Json).reference)
      .map(String)
      .filter((text) => !/[#?]/.test(text))
  if (type === 'date') return typeof value === 'string' ? [value] : []
  if (type === 'uri') return [escaped(String(value))]
  if (type === 'string')
    return typeof value === 'string'
      ? [escaped(value)]
      : list((value as Json).family).map((text) => escaped(String(text)))
  if (type === 'quantity')
    return list((value as Json).value).map(
      (amount) => `${amount}||${escaped(String((value as Json).code ?? (value as Json).unit))}`,
    )
  return type === 'number' ? [String(value)] : []
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
