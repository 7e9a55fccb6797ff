/** Conformance resources by their canonical address, https://hl7.org/fhir/R4/references.html#canonical */

import { byVersion } from '../fhir/canonical.ts'
import type { Resource } from '../fhir/definitions.ts'
import { parseCanonical } from '../fhir/references.ts'
import type { StageReader } from '../search/reading/memory.ts'
import { openStages, type Stages } from '../search/reading/stages.ts'
import { valueList } from '../store/keys.ts'
import type { Candidate, List, Version } from '../store/port.ts'
import type { Reader } from '../store/reader.ts'

/** The elements by which a conformance resource is found and chosen. */
interface Facts {
  url?: string
  supplements?: string
  version?: string
  content?: string
}

/** A stored resource: its facts, its write id, and on demand the whole. */
export interface StoredConformance extends Facts {
  id: string
  w: string
  t: string
  resource(): Resource
}

/** A version never changes, so a parsed version stays right; the oldest is dropped first. */
const parsedResources = new Map<string, { resource: Resource; size: number }>()
const mostParsedCharacters = 50_000_000
let parsedCharacters = 0

const rememberParsed = (key: string, resource: Resource, size: number): void => {
  parsedResources.set(key, { resource, size })
  parsedCharacters += size
  for (const [oldest, other] of parsedResources) {
    if (parsedCharacters <= mostParsedCharacters) break
    parsedResources.delete(oldest)
    parsedCharacters -= other.size
  }
}

/** Code systems are not remembered here: their graph is, made of all pieces. */
const parseOnce = (key: string, { type, text }: Version): Resource => {
  const known = parsedResources.get(key)?.resource
  const resource = known ?? (JSON.parse(text) as Resource)
  if (!known && type !== 'CodeSystem') rememberParsed(key, resource, text.length)
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
const foundOf = (version: Version): StoredConformance => {
  const { type, id, v, w, t } = version
  const key = `${type}/${id}/${v}/${w}`
  let resource: Resource | undefined
  const whole = (): Resource => {
    resource ??= parseOnce(key, version)
    return resource
  }
  const known = facts.get(key) ?? factsIn(whole())
  if (facts.size >= mostFacts) facts.clear()
  facts.set(key, known)
  return { ...known, id, w, t, resource: whole }
}

/** The index lists that lead from an address to resources. */
const addressLists = { url: 'uri', supplements: 'reference' } as const

const candidatesIn = async (store: StageReader, { name }: List, shard: number): Promise<Candidate[]> => {
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

const leadsTo = (found: StoredConformance, parameter: keyof typeof addressLists, url: string): boolean => {
  const address = found[parameter]
  return address !== undefined && parseCanonical(address).url === url
}

/** A search would parse all pieces of a large code system each time, so the list is read here. */
const readByAddress = async (
  store: StageReader,
  type: string,
  parameter: keyof typeof addressLists,
  url: string,
): Promise<StoredConformance[]> => {
  const list = valueList(type, parameter, url, addressLists[parameter])
  const shards = Array.from({ length: list.shards }, (_, shard) => candidatesIn(store, list, shard))
  const writes = new Map((await Promise.all(shards)).flat().map(({ id, w }) => [id, w]))
  if (writes.size === 0) return []
  const versions = await store.get([...writes].map(([id, w]) => ({ type, id, w })))
  return versions
    .filter((version) => version !== undefined)
    .filter(({ deleted }) => !deleted)
    .map(foundOf)
    .filter((found) => leadsTo(found, parameter, url))
}

/**
 * Returns the stored resources of a type that a parameter leads to by an address: the oldest version first. Shows no
 * write of several resources in part; with `stages` given, the caller ends that reading. Fails with `busy` where it
 * lasts longer than 20 seconds.
 */
export const storedByAddress = async (
  store: Reader,
  type: string,
  parameter: keyof typeof addressLists,
  url: string,
  stages?: Stages,
): Promise<StoredConformance[]> => {
  const own = stages ?? openStages(store)
  const found = await own.stage((reader) => readByAddress(reader, type, parameter, url))
  if (!stages) own.end()
  return found.sort((a, b) => byVersion(a.version, b.version) || (a.t < b.t ? -1 : 1))
}

/** Returns the stored resource of that type and address: of the version that `url|version` names, else the newest. */
export const heldByUrl = async (
  store: Reader,
  type: string,
  canonical: string,
): Promise<Resource | undefined> => {
  const { url, version } = parseCanonical(canonical)
  const found = await storedByAddress(store, type, 'url', url)
  return found.findLast((each) => version === undefined || each.version === version)?.resource()
}
