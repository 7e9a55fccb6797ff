/** https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dice } from '../../src/local/demo/dice.ts'
import cases from '../cases/us-core.json' with { type: 'json' }
import { dataFiles, readData } from '../fhir/official.ts'
import { judgeOf } from '../laws/judge.ts'
import type { Json } from '../laws/matching.ts'
import { textFor } from '../laws/whole/ask.ts'
import { grown } from '../laws/whole/grow.ts'
import { wholeParameters } from '../laws/whole/knowledge.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { allIds, type Known, putAll, searchPage, stored } from './hospital.ts'

/** What the server of US Core must and should be able to search by. */
interface Required {
  parameters: string[]
  combinations: string[][]
  include: string[]
  revinclude: string[]
}

const required: Readonly<Record<string, Required>> = cases
const types = Object.keys(required)
const each = 16
const long = '2026-01-01T00:00:00.000Z'

let engines: Engines
const store = () => engines.openStore('main')
const present = new Map<string, Known>()
const { satisfies } = judgeOf(wholeParameters, present)

beforeAll(async () => {
  engines = await startEngines()
  const resources = [
    ...types,
    'Provenance',
    'Medication',
    'RelatedPerson',
    'PractitionerRole',
    'Endpoint',
  ].flatMap((type, n) =>
    Array.from({ length: each }, (_, i) => grown(type, String(i + 1), dice(6, n, i), 0.9)),
  )
  const distinct = [...new Map(resources.map((one) => [`${one.resourceType}/${one.id}`, one])).values()]
  await putAll(store(), distinct, long)
  for (const one of distinct) present.set(`${one.resourceType}/${one.id}`, stored(one, 1, long))
})

afterAll(() => engines?.stop())

interface Statement {
  rest: {
    resource: {
      type: string
      searchParam?: { name: string }[]
      searchInclude?: string[]
      searchRevInclude?: string[]
      extension?: { url: string; extension?: { url: string; valueString?: string }[] }[]
    }[]
  }[]
}

const [official] = dataFiles('us-core-6.1.0', 'CapabilityStatement-us-core-server')

test.runIf(official !== undefined)('the table is what the official CapabilityStatement says', () => {
  const { rest } = readData<Statement>(official ?? '')
  const stated = (rest[0]?.resource ?? [])
    .filter(({ searchParam = [] }) => searchParam.length > 0)
    .map(({ type, searchParam = [], searchInclude = [], searchRevInclude = [], extension = [] }) => {
      const combinations = extension
        .filter(({ url }) => url.endsWith('search-parameter-combination'))
        .map((one) =>
          (one.extension ?? []).filter(({ url }) => url === 'required').map((part) => part.valueString),
        )
      const parameters = searchParam.map(({ name }) => name)
      return [type, { parameters, combinations, include: searchInclude, revinclude: searchRevInclude }]
    })
  expect(required).toEqual(Object.fromEntries(stated))
})

const ofType = (type: string): Known[] =>
  [...present.values()].filter(({ resourceType }) => resourceType === type)

/** Searches that find the witness by these parameters, in several ways. */
const searchesBy = (codes: readonly string[], witness: Known, round: number): [string, string][] =>
  codes.flatMap((code, i): [string, string][] => {
    const parameter = wholeParameters[witness.resourceType]?.[code]
    const values = parameter?.values(witness as unknown as Json) ?? []
    const d = dice(round, i)
    const text = values.length > 0 && parameter ? textFor(d, parameter.kind, '', d.pick(values)) : undefined
    return text === undefined ? [] : [[code, text]]
  })

const combinationsOf = (type: string): string[][] => {
  const { parameters, combinations } = required[type] as Required
  return [...parameters.map((code) => [code]), ...combinations]
}

describe.each(types)('%s', (type) => {
  test.each(combinationsOf(type).map((codes) => [codes.join(' + '), codes] as const))(
    'is found by %s as brute force finds it',
    async (_, codes) => {
      let hits = 0
      for (const [round, witness] of ofType(type).entries()) {
        const clauses = searchesBy(codes, witness, round)
        if (clauses.length < codes.length) continue
        const url = `${type}?${new URLSearchParams(clauses)}`
        const wanted = ofType(type).filter((one) =>
          clauses.every(([name, value]) => satisfies(one, name, value)),
        )
        const found = await allIds(store(), url)
        expect(found.toSorted(), url).toEqual(wanted.map(({ id }) => id).toSorted())
        hits += Number(wanted.length > 0)
      }
      expect(hits).toBeGreaterThan(0)
    },
  )
})

const inclusionsOf = (member: 'include' | 'revinclude') =>
  types
    .map((type) => [type, required[type]?.[member] ?? []] as const)
    .filter(([, inclusions]) => inclusions.length > 0)

test.each(inclusionsOf('include'))('%s brings along what US Core includes', async (type, include) => {
  const pairs = include.map((value): [string, string] => ['_include', value])
  const { included } = await searchPage(store(), `${type}?_count=1000&${new URLSearchParams(pairs)}`)
  const wanted = new Set(include.map((value) => value.split(':')[2]).filter(Boolean))
  for (const { type: found } of included) if (wanted.size > 0) expect([...wanted]).toContain(found)
  expect(included.length).toBeGreaterThan(0)
})

test.each(inclusionsOf('revinclude'))('%s brings along its provenance', async (type) => {
  const { matches, included } = await searchPage(store(), `${type}?_count=1000&_revinclude=Provenance:target`)
  const keys = new Set(matches.map(({ id }) => `${type}/${id}`))
  const wanted = ofType('Provenance').filter(({ target }) =>
    (target as { reference: string }[] | undefined)?.some(({ reference }) =>
      keys.has(reference.replace('http://localhost:8888/fhir/', '')),
    ),
  )
  expect(included.map(({ id }) => id).toSorted()).toEqual(wanted.map(({ id }) => id).toSorted())
})
