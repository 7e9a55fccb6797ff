/** Conformance resources by their canonical address, https://hl7.org/fhir/R4/references.html#canonical */

import type { Resource } from '../fhir/definitions.ts'
import { parseCanonical } from '../fhir/references.ts'
import { valueList } from '../store/keys.ts'
import type { Candidate, List, Store, Version } from '../store/port.ts'

/** What a conformance resource is looked up and chosen by. */
interface Facts {
  url?: string
  supplements?: string
  version?: string
  content?: string
}

/** A stored resource: its facts, the id of the write that made it this, and on demand the whole. */
export interface Found extends Facts {
  id: string
  w: string
  t: string
  resource(): Resource
}

/** A version never changes, so what was parsed once stays right; the oldest make room. */
const parsed = new Map<string, { resource: Resource; size: number }>()
const room = 50_000_000
let held = 0

const keep = (key: string, resource: Resource, size: number): void => {
  parsed.set(key, { resource, size })
  held += size
  for (const [oldest, other] of parsed) {
    if (held <= room) break
    parsed.delete(oldest)
    held -= other.size
  }
}

/** Of code systems the graph is kept, which is made of all their pieces. */
const parse = (key: string, { type, text }: Version): Resource => {
  const known = parsed.get(key)?.resource
  const resource = known ?? (JSON.parse(text) as Resource)
  if (!known && type !== 'CodeSystem') keep(key, resource, text.length)
  return resource
}

const facts = new Map<string, Facts>()
const mostFacts = 20_000

const factsIn = (resource: Resource): Facts => {
  const members = ['url', 'supplements', 'version', 'content'].flatMap((name) => {
    const value = (resource as Partial<Record<string, unknown>>)[name]
    return typeof value === 'string' ? [[name, value]] : []
  })
  return Object.fromEntries(members)
}

/** The pieces of a large code system are known by their facts; parsing them each time would take longer than the rest. */
const foundOf = (version: Version): Found => {
  const { type, id, v, w, t } = version
  const key = `${type}/${id}/${v}/${w}`
  let resource: Resource | undefined
  const whole = (): Resource => {
    resource ??= parse(key, version)
    return resource
  }
  const known = facts.get(key) ?? factsIn(whole())
  if (facts.size >= mostFacts) facts.clear()
  facts.set(key, known)
  return { ...known, id, w, t, resource: whole }
}

/** Which lists of the index lead from an address to resources. */
const lists = { url: 'uri', supplements: 'reference' } as const

const candidatesIn = async (store: Store, { name }: List, shard: number): Promise<Candidate[]> => {
  const found: Candidate[] = []
  let after: string | undefined
  do {
    const range = { list: name, shard, reverse: false, limit: 100, ...(after !== undefined && { after }) }
    const page = await store.page(range)
    found.push(...page.candidates)
    after = page.after
  } while (after !== undefined)
  return found
}

const leadsTo = (found: Found, parameter: keyof typeof lists, url: string): boolean => {
  const address = found[parameter]
  return address !== undefined && parseCanonical(address).url === url
}

/** A search would parse all pieces of a large code system each time, so the list is read here. */
const readOnce = async (
  store: Store,
  type: string,
  parameter: keyof typeof lists,
  url: string,
): Promise<Found[]> => {
  const list = valueList(type, parameter, url, lists[parameter])
  const shards = Array.from({ length: list.shards }, (_, shard) => candidatesIn(store, list, shard))
  const ids = new Set((await Promise.all(shards)).flat().map(({ id }) => id))
  if (ids.size === 0) return []
  const versions = await store.get([...ids].map((id) => ({ type, id })))
  return versions
    .filter((version) => version !== undefined)
    .filter(({ deleted }) => !deleted)
    .map(foundOf)
    .filter((found) => leadsTo(found, parameter, url))
}

const clockSkew = 2000
const mostReadings = 5

const isYoung = ({ t }: Found): boolean => Date.parse(t) > Date.now() - clockSkew
const writesOf = (found: readonly Found[]): string => found.map(({ id, w }) => `${id}/${w}`).join(' ')

/** Reading several is not one instant: while something may be changing, it is read until two readings agree. */
const settled = async (read: () => Promise<Found[]>): Promise<Found[]> => {
  let found = await read()
  for (let i = 1; i < mostReadings && found.some(isYoung); i++) {
    const again = await read()
    if (writesOf(again) === writesOf(found)) return again
    found = again
  }
  return found
}

/** Returns the stored resources of a type that a parameter leads to by an address: the oldest version first. */
export const foundBy = async (
  store: Store,
  type: string,
  parameter: keyof typeof lists,
  url: string,
): Promise<Found[]> => {
  const found = await settled(() => readOnce(store, type, parameter, url))
  return found.sort((a, b) => byVersion(a.version, b.version) || (a.t < b.t ? -1 : 1))
}

const natural = new Intl.Collator('en', { numeric: true })

/** Orders versions as people do: 2.10 after 2.9, and none before any. */
export const byVersion = (a: string | undefined, b: string | undefined): number =>
  a === undefined || b === undefined
    ? Number(a !== undefined) - Number(b !== undefined)
    : natural.compare(a, b)

/** Returns the stored resource of that type and address: of the version that `url|version` names, else the newest. */
export const heldByUrl = async (
  store: Store,
  type: string,
  canonical: string,
): Promise<Resource | undefined> => {
  const { url, version } = parseCanonical(canonical)
  const found = await foundBy(store, type, 'url', url)
  return found.findLast((each) => version === undefined || each.version === version)?.resource()
}
