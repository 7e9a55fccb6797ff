/** R4's own parameters, defined a second time under other codes: they find what the first ones must find. */

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchParameters } from '../../src/fhir/parameters.ts'
import { contentsOf } from '../../src/fhir/path/expression-check.ts'
import { searchExpression } from '../../src/fhir/path/expressions.ts'
import { customParametersIn, type Definition } from '../../src/search/custom.ts'
import type { Definitions } from '../../src/store/definitions.ts'
import { allIds, type Known, put, stored } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { parameters } from './brute.ts'
import { type Asked, asked, someResources } from './generate.ts'
import { judgeOf } from './judge.ts'
import { terms } from './terms.ts'

const runs = Number(process.env.LAWS ?? 120)
const seed = Number(process.env.LAWS_SEED ?? 4712)

let engines: Engines
const store = () => engines.openStore('own')
const present = new Map<string, Known>()
const { satisfies } = judgeOf(parameters, present)

/** What R4 knows beyond the expression is left out: the system that goes with a code, and the places of a map. */
const definitionOf = (type: string, code: string): Definition[] => {
  const parameter = searchParameters(type).get(code)
  const expression = searchExpression(type, code)
  const kinds = ['token', 'reference', 'date', 'string', 'number', 'quantity', 'uri']
  if (code.startsWith('_') || !parameter || !kinds.includes(parameter.type)) return []
  if (contentsOf(expression, type)?.has('code')) return []
  const { type: kind, url, targets } = parameter
  const own = { id: `${type}-${code}`, code: `own-${code}`, type: kind, url, expression, types: [type] }
  return [{ ...own, ...(targets && { targets }), list: `own-${code}~1`, state: 'ready', from: 0 }]
}

const definitions = Object.entries(parameters).flatMap(([type, known]) =>
  Object.keys(known).flatMap((code) => definitionOf(type, code)),
)
const text: Definitions = { version: 1, text: JSON.stringify(definitions) }
const isOwn = (type: string, code: string): boolean =>
  definitions.some((each) => each.code === `own-${code}` && each.types.includes(type))

beforeAll(async () => {
  engines = await startEngines()
  await store().define(text)
  const own = await customParametersIn(text)
  const [old, later] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z']
  const resources = [...someResources(60, seed), ...terms]
  const write = (resource: Known) => put(resource, old, undefined, own.all(resource.resourceType))
  for (let i = 0; i < resources.length; i += 300) await store().commit(resources.slice(i, i + 300).map(write))
  for (const resource of resources)
    present.set(`${resource.resourceType}/${resource.id}`, stored(resource, 1, old))
  for (const [i, other] of someResources(60, seed + 1).entries()) {
    const { resourceType: type, id } = resources[i] as Known
    if (i % 4 !== 0) continue
    const [before] = await store().get([{ type, id }])
    const next = { ...other, resourceType: type, id } as Known
    await store().commit([put(next, later, before, own.all(type))])
    present.set(`${type}/${id}`, stored(next, 2, later))
  }
})
afterAll(() => engines?.stop())

const renamed = (type: string, name: string): string => {
  const [code = '', ...rest] = name.split(':')
  return [isOwn(type, code) ? `own-${code}` : code, ...rest].join(':')
}

const urlOf = ({ type, clauses, count }: Asked): string => {
  const pairs = clauses.map(([name, value]): [string, string] => [renamed(type, name), value])
  return `${type}?${new URLSearchParams([...pairs, ['_count', String(count)]])}`
}

test('parameters that are defined at run time find what brute force finds', async () => {
  expect(definitions.length).toBeGreaterThan(20)
  let hits = 0
  await fc.assert(
    fc.asyncProperty(asked, async (query) => {
      const { type, clauses } = query
      fc.pre(clauses.some(([name]) => isOwn(type, name.split(':')[0] ?? '')))
      const wanted = [...present.values()].filter(
        (resource) =>
          resource.resourceType === type &&
          clauses.every(([name, value]) => satisfies(resource, name, value)),
      )
      hits += Number(wanted.length > 0)
      const found = await allIds(store(), urlOf(query))
      expect(found.toSorted(), urlOf(query)).toEqual(wanted.map(({ id }) => id).toSorted())
    }),
    { numRuns: runs, seed, maxSkipsPerRun: 1000 },
  )
  expect(hits).toBeGreaterThan(runs / 8)
}, 120_000)
