/** The profiles and value sets that a store holds, looked up as a judgement asks for them. */

import type { Resource } from '../../fhir/definitions.ts'
import type { Json } from '../../fhir/json/object.ts'
import { Failure, failure, type Issue } from '../../outcome/failure.ts'
import type { Store } from '../../store/port.ts'
import { heldByUrl } from '../../terminology/find.ts'
import { bareProfile, baseNeeded, profileOf } from './compile/compile.ts'
import { coreType, type StructureDefinition } from './compile/definition.ts'
import type { Profile } from './compile/rule.ts'
import { type Asked, type Judgement, judge } from './judge.ts'
import { type Answer, type Coded, codeKey, type Knowledge, type Questions } from './run.ts'

/** What was looked up, and when it must be looked up again. */
export interface Memory {
  profiles: Map<string, { profile: Profile | null; until: number }>
  codes: Map<string, { answer: Answer; until: number }>
}

/** Returns a memory that holds nothing yet. */
export const newMemory = (): Memory => ({ profiles: new Map(), codes: new Map() })

/** Milliseconds for which what was found, and what was not, is taken as it was. */
const trust = 60_000
const doubt = 5_000

/** More than a guide has profiles, value sets and codes in use. */
const room = 20_000

const remember = <T>(map: Map<string, T & { until: number }>, key: string, value: T, time: number): void => {
  if (map.size >= room) map.clear()
  map.set(key, { ...value, until: Date.now() + time })
}

/** What one call has looked up holds until it ends, what others have only for its time. */
const knowledgeOf = (own: Memory, { profiles, codes }: Memory): Knowledge => {
  const now = Date.now()
  const valid = <T extends { until: number }>(found: T | undefined): T | undefined =>
    found && found.until > now ? found : undefined
  return {
    profile: (url) => (own.profiles.get(url) ?? valid(profiles.get(url)))?.profile,
    code: (valueSet, coded) => {
      const key = codeKey(valueSet, coded)
      return (own.codes.get(key) ?? valid(codes.get(key)))?.answer
    },
  }
}

/** Definitions are parsed once for each version, and compiled once for what they then are. */
const compiledOnce = new WeakMap<
  StructureDefinition,
  { chain: readonly StructureDefinition[]; profile: Profile }
>()

const compiledOf = (chain: [StructureDefinition, ...StructureDefinition[]]): Profile => {
  const known = compiledOnce.get(chain[0])
  if (known && chain.length === known.chain.length && chain.every((each, i) => each === known.chain[i]))
    return known.profile
  const profile = profileOf(chain)
  compiledOnce.set(chain[0], { chain, profile })
  return profile
}

const definitionAt = async (store: Store, url: string): Promise<StructureDefinition | undefined> =>
  ((await heldByUrl(store, 'StructureDefinition', url)) as StructureDefinition | undefined) ??
  (await import('./standard.ts')).standardDefinition(url)

const lookUp = async (store: Store, url: string): Promise<Profile | null> => {
  const type = coreType(url)
  if (type !== undefined) return bareProfile(url, type)
  const definition = await definitionAt(store, url)
  if (!definition) return null
  const chain: [StructureDefinition, ...StructureDefinition[]] = [definition]
  for (let base = baseNeeded(definition); base !== undefined; ) {
    const next = await definitionAt(store, base)
    if (!next || chain.includes(next)) break
    chain.push(next)
    base = baseNeeded(next)
  }
  return compiledOf(chain)
}

/** What a call has looked up, and what the process has. */
interface Memories {
  own: Memory
  memory: Memory
}

/** A value set that leads to itself, or to more than can be followed, tells nothing of a code. */
const unknownWhereItFails = (thrown: unknown): Answer => {
  if (thrown instanceof Failure) return 'unknown'
  throw thrown
}

const answerCodes = async (
  codes: Questions['codes'],
  store: Store,
  { own, memory }: Memories,
): Promise<void> => {
  if (codes.size === 0) return
  const { codeValidator } = await import('../../terminology/value-sets/validate-code.ts')
  const validate = codeValidator(store)
  const answerTo = async ([key, { valueSet, coded }]: readonly [
    string,
    { valueSet: string; coded: Coded },
  ]) => {
    const answer = await validate(valueSet, coded).catch(unknownWhereItFails)
    own.codes.set(key, { answer, until: Number.POSITIVE_INFINITY })
    remember(memory.codes, key, { answer }, trust)
  }
  await Promise.all([...codes].map(answerTo))
}

const answerProfiles = async (
  urls: ReadonlySet<string>,
  store: Store,
  { own, memory }: Memories,
): Promise<void> => {
  const answerTo = async (url: string): Promise<void> => {
    const profile = await lookUp(store, url)
    own.profiles.set(url, { profile, until: Number.POSITIVE_INFINITY })
    remember(memory.profiles, url, { profile }, profile ? trust : doubt)
  }
  await Promise.all([...urls].map(answerTo))
}

const answerAll = async (open: readonly Judgement[], store: Store, memories: Memories): Promise<void> => {
  const questions = open.map((judgement) => judgement.questions)
  const urls = new Set(questions.flatMap(({ profiles }) => [...profiles]))
  const codes = new Map(questions.flatMap((each) => [...each.codes]))
  await Promise.all([answerProfiles(urls, store, memories), answerCodes(codes, store, memories)])
}

const isOpen = ({ questions }: Judgement): boolean => questions.profiles.size > 0 || questions.codes.size > 0

/** A profile may lead to others, and those to more; no guide goes this deep. */
const rounds = 20

/** Returns for each resource what it breaks of the profiles that it claims, or must meet, by what the store holds. */
export const judgeAll = async (
  resources: readonly (Asked & { resource: Resource })[],
  store: Store,
  memory: Memory = newMemory(),
): Promise<Issue[][]> => {
  const own = newMemory()
  const judged: Judgement[] = []
  for (let round = 0; round < rounds; round++) {
    const knowledge = knowledgeOf(own, memory)
    for (const [i, { resource, ...asked }] of resources.entries()) {
      const before = judged[i]
      if (!before || isOpen(before)) judged[i] = judge(resource as Json, asked, knowledge)
    }
    const open = judged.filter(isOpen)
    if (open.length === 0) return judged.map(({ issues }) => issues)
    await answerAll(open, store, { own, memory })
  }
  throw failure('too-costly', `The profiles of what is written lead on to more than ${rounds} times others.`)
}
