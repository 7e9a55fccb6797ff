import { afterAll, beforeAll, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import type { Pair } from '../../src/search/query.ts'
import type { Limits } from '../../src/search/scope.ts'
import { allIds, byPlace, type Known, put, putAll, remove, stored, thereAndBack } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { homeOf, insideOf, placeOf } from './inside.ts'
import { judgeOf } from './judge.ts'
import { type Asked, askedAt } from './whole/ask.ts'
import { grownResources } from './whole/grow.ts'
import { wholeParameters } from './whole/knowledge.ts'

/** `npm run law` asks 20,000; `LAWS_SEED` for others. */
const runs = Number(process.env.LAWS ?? 1000)
const seed = Number(process.env.LAWS_SEED ?? 4711)

let engines: Engines
const store = () => engines.openStore('main')

/** What is stored, by type and id, as the law knows it. */
const present = new Map<string, Known>()
const { satisfies, compareBy } = judgeOf(wholeParameters, present)
const first = '2026-01-01T00:00:00.000Z'
const later = '2026-01-02T00:00:00.000Z'

const drop = (resource: Known | undefined) => {
  if (!resource) return
  for (const each of [resource, ...insideOf(resource)]) present.delete(placeOf(each))
}

const keep = (resource: Known, v: number, t: string) => {
  const own = stored(resource, v, t)
  drop(present.get(placeOf(own)))
  for (const each of [own, ...insideOf(own)]) present.set(placeOf(each), each)
}

/** Some are changed to other content, a few are deleted, so that the index has a past. */
const changeSome = async (resources: readonly Known[]) => {
  const others = grownResources(seed + 1)
  const changed = resources.flatMap((resource, i) =>
    i % 5 === 0 ? [{ resource, next: others[i] as Known, i }] : [],
  )
  const before = await store().get(
    changed.map(({ resource }) => ({ type: resource.resourceType, id: resource.id })),
  )
  const writes = changed.map(({ next, i }, n) => {
    const version = before[n]
    if (!version) throw new Error('What was stored is missing.')
    const deleted = i % 20 === 0
    if (deleted) drop(present.get(`${version.type}/${version.id}`))
    else keep(next, 2, later)
    return deleted ? remove(version, later) : put(next, later, version)
  })
  await store().commit(writes)
}

beforeAll(async () => {
  engines = await startEngines()
  const resources = grownResources(seed)
  await putAll(store(), resources, first)
  for (const resource of resources) keep(resource, 1, first)
  await changeSome(resources)
}, 120_000)

afterAll(() => engines?.stop())

const urlOf = ({ type, clauses, sort, count, inside }: Asked): string => {
  const pairs: Pair[] = [
    ...clauses,
    ...(sort ? [['_sort', sort] as const] : []),
    ['_count', String(count)],
    ...(inside
      ? [['_contained', inside.contained] as const, ['_containedType', inside.containedType] as const]
      : []),
  ]
  return `${type}?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]))}`
}

/** The usual limits; none of the lists is short; and hardly anything may be read at once. */
const allLimits: Partial<Limits>[] = [
  {},
  { short: 0, gathered: 0, links: 0, items: [2, 4] },
  { short: 3, gathered: 5, items: [5, 5], entries: 100, resources: 20 },
]

const isTooCostly = (problem: unknown): boolean =>
  problem instanceof Failure && problem.issues[0]?.kind === 'too-costly'

const isInOrder = (sort: string, found: readonly Known[]): boolean =>
  found.every((resource, i) => i === 0 || compareBy(sort, found[i - 1] as Known, resource) <= 0)

interface Verdict {
  url: string
  hit: boolean
  problem?: string
}

/** Those with small pages are read back too, from the last page to the first. */
const read = async (asked: Asked, limits: Partial<Limits>): Promise<{ there: string[]; back: string[] }> => {
  if (asked.count === 7) return thereAndBack(store(), urlOf(asked), limits, byPlace)
  const there = await allIds(store(), urlOf(asked), limits, byPlace)
  return { there, back: there }
}

const wantedBy = ({ type, clauses, inside }: Asked): string[] => {
  const found = [...present.values()].filter(
    (resource) =>
      resource.resourceType === type &&
      (homeOf(resource) ? inside !== undefined : inside?.contained !== 'true') &&
      clauses.every(([name, value]) => satisfies(resource, name, value)),
  )
  if (inside?.containedType !== 'container') return found.map(placeOf)
  return [...new Set(found.map((resource) => placeOf(homeOf(resource) ?? resource)))]
}

/** Where hardly anything may be read, a search may be refused, never answered wrong. */
const judged = async (asked: Asked, limits: Partial<Limits>): Promise<Verdict> => {
  const url = decodeURIComponent(urlOf(asked))
  const wanted = wantedBy(asked)
  try {
    const { there: found, back } = await read(asked, limits)
    const hit = wanted.length > 0
    if (found.toSorted().join() !== wanted.toSorted().join())
      return { url, hit, problem: `finds ${found.toSorted()} instead of ${wanted.toSorted()}` }
    if (back.join() !== found.join()) return { url, hit, problem: `reads ${found} but back ${back}` }
    const resources = found.map((place) => present.get(place) as Known)
    const isTold = asked.inside?.containedType !== 'container'
    const wrong = asked.sort && isTold && !isInOrder(asked.sort, resources)
    return { url, hit, ...(wrong && { problem: `is not in order: ${found}` }) }
  } catch (problem) {
    if (limits.entries && isTooCostly(problem)) return { url, hit: false }
    return { url, hit: false, problem: String(problem) }
  }
}

test(
  'every type is searched by every parameter, modifier and prefix as brute force finds it',
  async () => {
    const verdicts: Verdict[] = []
    for (let n = 0; n < runs; n++)
      verdicts.push(await judged(askedAt(seed, n, present), allLimits[n % allLimits.length] ?? {}))
    const wrong = verdicts.filter(({ problem }) => problem !== undefined)
    expect(wrong.slice(0, 30).map(({ url, problem }) => `${url} ${problem}`)).toEqual([])
    expect(verdicts.filter(({ hit }) => hit).length).toBeGreaterThan(runs / 2)
  },
  60_000 + runs * 200,
)
