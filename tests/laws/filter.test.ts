import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allIds, type Known, putAll, stored } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { parameters } from './brute.ts'
import { asked, someResources } from './generate.ts'
import { judgeOf } from './judge.ts'

/** `LAWS=20000 npx vitest run tests/laws/filter.test.ts` for the long run. */
const runs = Number(process.env.LAWS ?? 150)
const seed = Number(process.env.LAWS_SEED ?? 4711)

let engines: Engines
const present = new Map<string, Known>()
const { satisfies } = judgeOf(parameters, present)
const long = '2026-01-01T00:00:00.000Z'

beforeAll(async () => {
  engines = await startEngines()
  const resources = someResources(50, seed)
  await putAll(engines.openStore('main'), resources, long)
  for (const resource of resources)
    present.set(`${resource.resourceType}/${resource.id}`, stored(resource, 1, long))
})

afterAll(() => engines.stop())

/** Part of a filter, and what it means. */
interface Part {
  text: string
  holds(resource: Known): boolean
}

/** The operators that ask what a modifier asks. */
const operators: Readonly<Record<string, string>> = {
  'string:': 'sw',
  'string:contains': 'co',
  'token:': 'eq',
  'token:not': 'eq',
  'reference:': 're',
  'uri:': 'eq',
  'uri:below': 'ss',
  'uri:above': 'sb',
  'near:': 'eq',
  'composite:': 'eq',
}

const prefixed = new Set(['date', 'number', 'quantity'])

const tests = (code: string, operator: string, values: readonly string[]): string =>
  values.map((value) => `${code} ${operator} ${JSON.stringify(value)}`).join(' or ')

/** A `name=value` of a search as part of a filter, where a filter can say it. */
const partOf = (type: string, [name, value]: readonly [string, string]): Part | undefined => {
  const [code = '', modifier = ''] = name.split(':')
  const kind = parameters[type]?.[code]?.kind ?? ''
  const holds = (resource: Known): boolean => satisfies(resource, name, value)
  const values = value.split(',')
  if (name.includes('.') || name.startsWith('_has')) return undefined
  if (modifier === 'missing') return { text: `${code} pr ${value === 'false'}`, holds }
  if (prefixed.has(kind) && modifier === '') {
    const pairs = values.map((each) => /^([a-z]{2})?(.*)$/.exec(each) ?? [])
    return {
      text: `(${pairs.map(([, prefix = 'eq', rest = '']) => tests(code, prefix, [rest])).join(' or ')})`,
      holds,
    }
  }
  const operator = operators[`${kind}:${modifier}`]
  if (!operator || value.includes('\\')) return undefined
  return { text: `${modifier === 'not' ? 'not ' : ''}(${tests(code, operator, values)})`, holds }
}

const joined = (left: Part, by: string, right: Part): Part => ({
  text: `${left.text} ${by} ${right.text}`,
  holds: (resource) =>
    by === 'and'
      ? left.holds(resource) && right.holds(resource)
      : left.holds(resource) || right.holds(resource),
})

const negated = ({ text, holds }: Part): Part => ({
  text: `not(${text})`,
  holds: (resource) => !holds(resource),
})
const enclosed = ({ text, holds }: Part): Part => ({ text: `(${text})`, holds })

/** From left to right, as the specification has it, with some negated or enclosed on the way. */
const joinAll = ([first, ...rest]: readonly Part[], ways: readonly number[]): Part | undefined =>
  first &&
  rest.reduce((left, right, i) => {
    const way = ways[i] ?? 0
    const whole = joined(left, way % 2 === 0 ? 'and' : 'or', way % 3 === 0 ? negated(right) : right)
    return way % 5 === 0 ? negated(whole) : way % 7 === 0 ? enclosed(whole) : whole
  }, first)

test(
  'a filter finds what judging every resource by it finds',
  async () => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(asked, fc.array(fc.nat(209), { minLength: 3, maxLength: 3 }), async (query, ways) => {
        const parts = query.clauses.map((clause) => partOf(query.type, clause))
        const filter = joinAll(
          parts.filter((part) => part !== undefined),
          ways,
        )
        if (!filter) return
        const wanted = [...present.values()].filter(
          (resource) => resource.resourceType === query.type && filter.holds(resource),
        )
        const url = `${query.type}?_filter=${encodeURIComponent(filter.text)}&_count=${query.count}`
        const found = await allIds(engines.openStore('main'), url)
        hits += Number(wanted.length > 0)
        expect(found.toSorted(), filter.text).toEqual(wanted.map(({ id }) => id).toSorted())
      }),
      { numRuns: runs, seed },
    )
    expect(hits).toBeGreaterThan(runs / 5)
  },
  Math.max(60_000, runs * 60),
)
