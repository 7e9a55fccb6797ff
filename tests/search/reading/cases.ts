/** Searches beside writers, small enough for every order of their steps. */
import type { Resource } from '../../../src/fhir/definitions.ts'
import { isKind } from '../../../src/outcome/failure.ts'
import { orderPositionOf } from '../../../src/search/index/order.ts'
import { searchType } from '../../../src/search/multi-type.ts'
import { parseQuery } from '../../../src/search/parse/parse.ts'
import type { Query } from '../../../src/search/query.ts'
import { matchesQuery } from '../../../src/search/run/match.ts'
import type { Store, Version } from '../../../src/store/port.ts'
import { memberListOf } from '../../../src/store/write-ids.ts'
import { base, type Known, pairsOf } from '../hospital.ts'
import type { Step, Trial } from './schedule.ts'
import { type Content, nameOf, partitionsOf, stepStore, World, type Writing, write } from './step-store.ts'

export interface Case {
  name: string
  search: string
  initial: Content
  /** Each writer's writings, one after the other. */
  writers: readonly (readonly Writing[])[]
  /** A search that the same process makes before. */
  before?: string
  /** Seconds between the two searches. */
  pause?: number
}

export interface Found {
  faults: string[]
  refused: number
}

type Chosen = ReadonlyMap<string, Version | undefined>

const queryOf = (search: string): Query => {
  const [type = '', query = ''] = search.split('?')
  return parseQuery(type, pairsOf(query), { lenient: false, base }).query
}

const shownAs = ({ type, id, v }: Version): string => `${type}/${id}@${v}`
const resourceOf = ({ text }: Version): Resource => JSON.parse(text) as Resource

/** Returns the answer on these versions: the first of the matches in order, and the subjects that they include. */
const answerOn = (query: Query, chosen: Chosen): string => {
  const there = [...chosen.values()].filter((version) => version && !version.deleted) as Version[]
  const found = there.filter((version) => matchesQuery(query, resourceOf(version)))
  if (query.countOnly) return `${found.length}`
  const orderOf = (version: Version) => orderPositionOf(resourceOf(version), version.t).order
  const page = found
    .sort((a, b) => (orderOf(a) === orderOf(b) ? (a.id < b.id ? -1 : 1) : orderOf(a) < orderOf(b) ? 1 : -1))
    .slice(0, query.count)
  const subjects = page.map((version) => (resourceOf(version) as { subject?: { reference: string } }).subject)
  const included =
    query.includes.length > 0
      ? there.filter((each) => subjects.some((to) => to?.reference === nameOf(each)))
      : []
  return [...page.map(shownAs), ...included.map(shownAs).sort()].join(' ')
}

const isWhole = (world: World, chosen: Chosen): boolean =>
  [...chosen.values()].every((version) => {
    const members = version && world.transactions.get(memberListOf(version.w) ?? version.w)?.members
    return [...(members ?? [])].every(([name, v]) => (chosen.get(name)?.v ?? 0) >= v)
  })

/** Returns what could be chosen of each resource by a search that began and ends at these numbers of versions. */
const choices = (options: ReadonlyMap<string, readonly (Version | undefined)[]>): Chosen[] => {
  let all: Map<string, Version | undefined>[] = [new Map()]
  for (const [name, versions] of options)
    all = all.flatMap((chosen) => versions.map((version) => new Map([...chosen, [name, version]])))
  return all
}

const optionsAt = (world: World, names: readonly string[], begun: ReadonlyMap<string, number>) =>
  new Map(
    names.map((name) => {
      const landing = [...world.transactions.values()].filter(({ landed }) => landed.size > 0)
      const coming = landing.flatMap(({ versions, landed }) =>
        versions.filter((version) => nameOf(version) === name && !landed.has(name)),
      )
      const versions = [undefined, ...(world.versions.get(name) ?? []), ...coming]
      return [name, versions.filter((version) => (version?.v ?? 0) >= (begun.get(name) ?? 0))] as const
    }),
  )

/** Returns the newest version of each resource of which all that it was written with can be read. */
const settledNumbers = (world: World): Map<string, number> => {
  const numbers = new Map<string, number>()
  for (const [name, versions] of world.versions)
    for (const { v, w } of versions) {
      const transaction = world.transactions.get(memberListOf(w) ?? w)
      if (!transaction || transaction.landed.size === transaction.members.size) numbers.set(name, v)
    }
  return numbers
}

const namesIn = ({ initial, writers }: Case): string[] => [
  ...new Set([...Object.keys(initial), ...writers.flat().flatMap(({ content }) => Object.keys(content))]),
]

const answerOf = async (query: Query, store: Store): Promise<string> => {
  const { matches: found, included, total } = await searchType(query, { reader: store, started: 0 })
  return query.countOnly ? `${total}` : [...found.map(shownAs), ...included.map(shownAs).sort()].join(' ')
}

/** Returns the trial of a case; `mutate` changes what the searches read by. */
export const trialOf = (
  given: Case,
  found: Found,
  read: Set<string>,
  mutate: (store: Store, world: World) => Store = (store) => store,
  timers: () => Promise<void> = async () => {},
): Trial => {
  const world = new World(given.initial)
  for (const writing of given.writers.flat())
    for (const pk of partitionsOf(world, writing)) world.changed.add(pk)
  const searches = [...(given.before === undefined ? [] : [given.before]), given.search]
  const names = namesIn(given)
  const faults: string[] = []
  let over = false

  const readOnce = async (step: Step, query: Query, number: number): Promise<void> => {
    const begun = await step('reader', { reads: ['moment'], writes: [] }, () => settledNumbers(world))
    const store = stepStore(world, `reader${number}`, step)
    const noting: Store = {
      ...store,
      page: (range) => {
        const pk = `t|${range.list}|${range.shard}`
        if (given.writers.length > 0 && world.changed.has(pk) && !read.has(pk))
          throw new Error(`${pk} is read by some orders only`)
        read.add(pk)
        return store.page(range)
      },
    }
    try {
      const answer = await answerOf(query, mutate(noting, world))
      const possible = choices(optionsAt(world, names, begun))
        .filter((chosen) => isWhole(world, chosen))
        .map((chosen) => answerOn(query, chosen))
      if (!possible.includes(answer))
        faults.push(`${answer || 'nothing'}, not ${[...new Set(possible)].join(' or ')}`)
    } catch (error) {
      if (!isKind(error, 'busy')) throw error
      found.refused++
    }
  }

  const readAll = async (step: Step): Promise<void> => {
    for (const [number, search] of searches.entries()) {
      if (number > 0) world.clock += (given.pause ?? 0) * 1000
      await readOnce(step, queryOf(search), number)
    }
  }

  return {
    begin: (step) => {
      readAll(step)
        .catch((error) => faults.push(`${(error as Error).stack}`))
        .finally(() => {
          over = true
        })
      given.writers.forEach(async (writings, at) => {
        for (const writing of writings) await write(world, `writer${at}`, step, writing, (pk) => read.has(pk))
      })
    },
    isOver: () => over,
    wake: timers,
    judge: (trace) => {
      for (const fault of faults) found.faults.push(`${given.name}: ${fault}\n  ${trace.join('\n  ')}`)
    },
  }
}

/** Returns the partitions that a case's search reads when nothing changes. */
export const partitionsRead = async (given: Case): Promise<Set<string>> => {
  const read = new Set<string>()
  const found: Found = { faults: [], refused: 0 }
  const everything = Object.assign({}, given.initial, ...given.writers.flat().map(({ content }) => content))
  for (const initial of [given.initial, everything]) {
    const quiet = trialOf({ ...given, initial, writers: [] }, found, read)
    const { explore } = await import('./schedule.ts')
    await explore(() => quiet, 1)
  }
  if (found.faults.length > 0) throw new Error(found.faults.join())
  return read
}

export const observation = (id: string, more: object = {}): Known => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: {},
  identifier: [{ system: 'urn:g', value: 'x' }],
  effectiveDateTime: `2026-01-0${id.charCodeAt(0) - 96}`,
  ...more,
})
