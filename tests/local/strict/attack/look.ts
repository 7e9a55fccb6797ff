/** Finds what there is of many writes, in few searches. */
import { type Answer, type Ask, type Found, kinds, system } from './writes.ts'

/** A write that is looked at. */
export interface Sought {
  number: number
  kind: string
}

/** Looks at an answer that must be there: a server that is still unwell is no proof of anything. */
const seen = async (asking: Promise<Answer>): Promise<Answer> => {
  const answer = await asking
  if (answer.status !== 200)
    throw new Error(`The server answers ${answer.status}: ${JSON.stringify(answer.json)}`)
  return answer
}

interface Resource {
  id: string
  identifier?: { value: string }[]
  code: { text: string }
  meta: { versionId: string }
}

/** Returns the resources of all pages of a search. */
const allPages = async (ask: Ask, search: string): Promise<Resource[]> => {
  const resources: Resource[] = []
  for (let next: string | undefined = search; next; ) {
    const { json } = await seen(ask('GET', next))
    resources.push(...(json.entry ?? []).map(({ resource }: { resource: Resource }) => resource))
    const url = json.link?.find(({ relation }: { relation: string }) => relation === 'next')?.url
    next = url === undefined ? undefined : url.slice(url.indexOf(search.split('?')[0] ?? ''))
  }
  return resources
}

const atOnce = 40
/** Every so many-th look asks for one number's count. */
const countedEvery = 8

const inGroups = <Value>(values: readonly Value[], size: number): Value[][] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size))

const token = (number: number): string => `${system}%7C${number}`

const countsOf = async (ask: Ask, numbers: readonly number[]): Promise<Map<number, Found>> => {
  const found = new Map(numbers.map((number): [number, Found] => [number, { count: 0 }]))
  const search = `Observation?identifier=${numbers.map(token).join(',')}&_count=500&_elements=identifier,code`
  const ids = new Set<string>()
  for (const { id, identifier } of await allPages(ask, search)) {
    const each = found.get(Number(identifier?.[0]?.value))
    // One that is shown twice in one search is no second resource, but is wrong all the same.
    if (!each || ids.has(id)) throw new Error(`Observation/${id} is shown twice, or was not asked for.`)
    ids.add(id)
    each.count++
  }
  return found
}

/** Asks for the counts of some numbers by themselves: the count must be that of the pages. */
const compareCounts = async (ask: Ask, found: ReadonlyMap<number, Found>): Promise<void> => {
  for (const [number, { count }] of [...found].filter((_, at) => at % countedEvery === 0)) {
    const { json } = await seen(ask('GET', `Observation?identifier=${token(number)}&_summary=count`))
    if (json.total !== count) throw new Error(`Of ${number} there are ${count}, but ${json.total} by count.`)
  }
}

const basicsOf = async (ask: Ask, sought: readonly Sought[]): Promise<Map<number, Found>> => {
  const numbers = new Map(sought.map(({ kind, number }) => [kinds[kind]?.id?.(number) ?? '', number]))
  const found = new Map(sought.map(({ number }): [number, Found] => [number, { count: 0 }]))
  const resources = await allPages(ask, `Basic?_id=${[...numbers.keys()].join(',')}&_count=500`)
  for (const { id, code, meta } of resources)
    found.set(numbers.get(id) ?? -1, {
      count: 1,
      basic: { version: Number(meta.versionId), text: code.text },
    })
  return found
}

/** Returns what there is of each write, by its number. */
export const lookAt = async (ask: Ask, sought: readonly Sought[]): Promise<Map<number, Found>> => {
  const isBasic = ({ kind }: Sought): boolean => kinds[kind]?.id !== undefined
  const all = new Map<number, Found>()
  for (const group of inGroups(
    sought.filter((each) => !isBasic(each)),
    atOnce,
  )) {
    const found = await countsOf(
      ask,
      group.map(({ number }) => number),
    )
    await compareCounts(ask, found)
    for (const [number, each] of found) all.set(number, each)
  }
  for (const group of inGroups(sought.filter(isBasic), atOnce))
    for (const [number, each] of await basicsOf(ask, group)) all.set(number, each)
  return all
}
