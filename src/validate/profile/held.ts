/** The profiles and value sets that a store holds, looked up as a judgement asks for them. */

import type { Resource } from '../../fhir/definitions.ts'
import type { Json } from '../../fhir/json/object.ts'
import { Failure, failure, type Issue } from '../../outcome/failure.ts'
import type { Reader } from '../../store/reader.ts'
import { heldByUrl } from '../../terminology/find.ts'
import { bareProfile, baseNeeded, compiledProfileOf } from './compile/compile.ts'
import { coreType, type StructureDefinition } from './compile/definition.ts'
import type { Profile } from './compile/rule.ts'
import { judgeByProfiles, type ProfileDemands, type ProfileJudgement } from './judge.ts'
import { type CodeAnswer, type CodedValue, codeQuestionKey, type Knowledge, type Questions } from './run.ts'

/** The profiles and answers that were read from the store, each with the time at which it expires, in milliseconds. */
export interface ProfileMemory {
  profiles: Map<string, { profile: Profile | null; until: number }>
  codes: Map<string, { answer: CodeAnswer; until: number }>
}

/** Returns a memory that holds nothing yet. */
export const newProfileMemory = (): ProfileMemory => ({ profiles: new Map(), codes: new Map() })

/** Milliseconds for which a found profile or an answer, and for which a missing profile, is kept. */
const trust = 60_000
const doubt = 5_000

/** More than a guide has profiles, value sets and codes in use. */
const mostKept = 20_000

const keepUntil = <T>(map: Map<string, T & { until: number }>, key: string, value: T, time: number): void => {
  if (map.size >= mostKept) map.clear()
  map.set(key, { ...value, until: Date.now() + time })
}

/** Returns the knowledge of a call: its own lookups are valid until the call ends, earlier calls' until they expire. */
const knowledgeOf = (own: ProfileMemory, { profiles, codes }: ProfileMemory): Knowledge => {
  const now = Date.now()
  const valid = <T extends { until: number }>(found: T | undefined): T | undefined =>
    found && found.until > now ? found : undefined
  return {
    profile: (url) => (own.profiles.get(url) ?? valid(profiles.get(url)))?.profile,
    code: (valueSet, coded) => {
      const key = codeQuestionKey(valueSet, coded)
      return (own.codes.get(key) ?? valid(codes.get(key)))?.answer
    },
  }
}

/** Definitions are parsed once for each version, and compiled once for each chain of bases. */
const compiledOnce = new WeakMap<
  StructureDefinition,
  { chain: readonly StructureDefinition[]; profile: Profile }
>()

const compiledOf = (chain: [StructureDefinition, ...StructureDefinition[]]): Profile => {
  const known = compiledOnce.get(chain[0])
  if (known && chain.length === known.chain.length && chain.every((each, i) => each === known.chain[i]))
    return known.profile
  const profile = compiledProfileOf(chain)
  compiledOnce.set(chain[0], { chain, profile })
  return profile
}

const definitionAt = async (store: Reader, url: string): Promise<StructureDefinition | undefined> =>
  ((await heldByUrl(store, 'StructureDefinition', url)) as StructureDefinition | undefined) ??
  (await import('./standard.ts')).standardDefinition(url)

const lookUp = async (store: Reader, url: string): Promise<Profile | null> => {
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

/** The lookups of a call and of the process. */
interface Memories {
  own: ProfileMemory
  memory: ProfileMemory
}

/** A value set that leads to itself, or to more than can be followed, tells nothing of a code. */
const unknownWhereItFails = (thrown: unknown): CodeAnswer => {
  if (thrown instanceof Failure) return 'unknown'
  throw thrown
}

const answerCodes = async (
  codes: Questions['codes'],
  store: Reader,
  { own, memory }: Memories,
): Promise<void> => {
  if (codes.size === 0) return
  const { codeValidator } = await import('../../terminology/value-sets/validate-code.ts')
  const validate = codeValidator(store)
  const answerTo = async ([key, { valueSet, coded }]: readonly [
    string,
    { valueSet: string; coded: CodedValue },
  ]) => {
    const answer = await validate(valueSet, coded).catch(unknownWhereItFails)
    own.codes.set(key, { answer, until: Number.POSITIVE_INFINITY })
    keepUntil(memory.codes, key, { answer }, trust)
  }
  await Promise.all([...codes].map(answerTo))
}

const answerProfiles = async (
  urls: ReadonlySet<string>,
  store: Reader,
  { own, memory }: Memories,
): Promise<void> => {
  const answerTo = async (url: string): Promise<void> => {
    const profile = await lookUp(store, url)
    own.profiles.set(url, { profile, until: Number.POSITIVE_INFINITY })
    keepUntil(memory.profiles, url, { profile }, profile ? trust : doubt)
  }
  await Promise.all([...urls].map(answerTo))
}

const answerAll = async (
  open: readonly ProfileJudgement[],
  store: Reader,
  memories: Memories,
): Promise<void> => {
  const questions = open.map((judgement) => judgement.questions)
  const urls = new Set(questions.flatMap(({ profiles }) => [...profiles]))
  const codes = new Map(questions.flatMap((each) => [...each.codes]))
  await Promise.all([answerProfiles(urls, store, memories), answerCodes(codes, store, memories)])
}

const hasQuestions = ({ questions }: ProfileJudgement): boolean =>
  questions.profiles.size > 0 || questions.codes.size > 0

/** The most rounds of lookups: a profile may lead to further profiles, and those to more; no guide goes this deep. */
const rounds = 20

/**
 * Returns for each resource the issues by the profiles that the resource claims or must meet, as the store has them.
 * Fails with `too-costly` above 20 rounds of lookups.
 */
export const judgeAll = async (
  resources: readonly (ProfileDemands & { resource: Resource })[],
  store: Reader,
  memory: ProfileMemory = newProfileMemory(),
): Promise<Issue[][]> => {
  const own = newProfileMemory()
  const judgements: ProfileJudgement[] = []
  for (let round = 0; round < rounds; round++) {
    const knowledge = knowledgeOf(own, memory)
    for (const [i, { resource, ...asked }] of resources.entries()) {
      const before = judgements[i]
      if (!before || hasQuestions(before)) judgements[i] = judgeByProfiles(resource as Json, asked, knowledge)
    }
    const open = judgements.filter(hasQuestions)
    if (open.length === 0) return judgements.map(({ issues }) => issues)
    await answerAll(open, store, { own, memory })
  }
  throw failure('too-costly', `The profiles of what is written lead on to more than ${rounds} times others.`)
}
