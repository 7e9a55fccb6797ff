import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import type { Pair } from '../../src/search/query.ts'
import type { Limits } from '../../src/search/scope.ts'
import { allIds, type Known, put, putAll, remove, stored } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { parameters } from './brute.ts'
import { type Asked, asked, someResources } from './generate.ts'
import { judgeOf } from './judge.ts'
import { terms } from './terms.ts'

/** `LAWS=20000 npx vitest run tests/laws` for the long run; `LAWS_SEED` for another one. */
const runs = Number(process.env.LAWS ?? 100)
const seed = Number(process.env.LAWS_SEED ?? 4711)

let engines: Engines
const store = () => engines.openStore('main')

/** What is stored, by type and id, as the law knows it. */
const present = new Map<string, Known>()
const { satisfies, compareBy } = judgeOf(parameters, present)
const long = '2026-01-01T00:00:00.000Z'
const later = '2026-01-02T00:00:00.000Z'

const keep = (resource: Known, v: number, t: string) =>
  present.set(`${resource.resourceType}/${resource.id}`, stored(resource, v, t))

beforeAll(async () => {
  engines = await startEngines()
  const resources = [...someResources(60, seed), ...terms]
  await putAll(store(), resources, long)
  for (const resource of resources) keep(resource, 1, long)
  await changeSome(resources)
})

afterAll(() => engines.stop())

/** A third is changed to other content, a few are deleted, so that the index has a past. */
const changeSome = async (resources: readonly Known[]) => {
  const others = someResources(60, seed + 1)
  for (const [i, resource] of resources.entries()) {
    if (i % 3 !== 0 || terms.includes(resource)) continue
    const [before] = await store().get([{ type: resource.resourceType, id: resource.id }])
    const next = { ...others[i], resourceType: resource.resourceType, id: resource.id } as Known
    if (!before) throw new Error(`${resource.id} is missing`)
    const deleted = i % 15 === 0
    await store().commit([deleted ? remove(before, later) : put(next, later, before)])
    if (deleted) present.delete(`${resource.resourceType}/${resource.id}`)
    else keep(next, 2, later)
  }
}

const urlOf = ({ type, clauses, sort, count }: Asked): string => {
  const pairs: Pair[] = [...clauses, ...(sort ? [['_sort', sort] as const] : []), ['_count', String(count)]]
  return `${type}?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]))}`
}

const expected = ({ type, clauses }: Asked): Known[] =>
  [...present.values()].filter(
    (resource) =>
      resource.resourceType === type && clauses.every(([name, value]) => satisfies(resource, name, value)),
  )

const inOrder = (sort: string, found: readonly Known[]): boolean =>
  found.every((resource, i) => i === 0 || compareBy(sort, found[i - 1] as Known, resource) <= 0)

/** Where hardly anything may be read, a search may be refused, never answered wrong. */
const unlessTooCostly = (limits: Partial<Limits>) => (problem: unknown) => {
  if (limits.entries && problem instanceof Failure && problem.issues[0]?.kind === 'too-costly')
    return undefined
  throw problem
}

/** The usual limits; none of the lists is short; and hardly anything may be read at once. */
const allLimits: Partial<Limits>[] = [
  {},
  { short: 0, gathered: 0, items: [2, 4] },
  { short: 3, gathered: 5, items: [5, 5], entries: 100, resources: 20 },
]

test(
  'all pages of a search together are what brute force finds, each once and in order',
  async () => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(asked, fc.constantFrom(...allLimits), async (query, limits) => {
        const found = await allIds(store(), urlOf(query), limits).catch(unlessTooCostly(limits))
        if (!found) return
        const wanted = expected(query).map(({ id }) => id)
        hits += Number(wanted.length > 0)
        expect(found.toSorted(), urlOf(query)).toEqual(wanted.toSorted())
        const resources = found.map((id) => present.get(`${query.type}/${id}`) as Known)
        if (query.sort) expect(inOrder(query.sort, resources), urlOf(query)).toBe(true)
      }),
      { numRuns: runs, seed, endOnFailure: Boolean(process.env.LAWS_FAST) },
    )
    expect(hits).toBeGreaterThan(runs / 5)
  },
  Math.max(60_000, runs * 200),
)
