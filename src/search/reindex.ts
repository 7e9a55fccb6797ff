/** Brings the index in line with a tenant's own search parameters, resource by resource, in pieces of bounded work. */

import type { Resource, SearchParameter } from '../fhir/definitions.ts'
import { isKind } from '../outcome/failure.ts'
import { typeList } from '../store/keys.ts'
import { inChunks } from '../store/parallel.ts'
import type { Expected, IndexCare, Store, Version } from '../store/port.ts'
import { ofCurrent } from './care.ts'
import { ownEntries } from './entries.ts'
import { type Definition, definitionsIn, ownIn } from './own.ts'

/** One walk through a type's resources, for all definitions that were to be carried out when it began. */
interface Pass {
  type: string
  lists: string[]
  shard: number
  after?: string
}

/** What is kept between two pieces. */
interface Kept {
  /** Who works on it, and until when nobody else does, in milliseconds since 1970. */
  holder?: string | undefined
  until?: number | undefined
  pass?: Pass | undefined
  /** `list type` of every walk that is done. */
  walked: string[]
  /** How many resources were looked through, by list. */
  counts: Record<string, number>
}

/** What a reindexing works with. */
export interface Reindexing {
  store: Store
  care: IndexCare
  now: () => number
  /** Who works: nobody else does at the same time. */
  holder: string
  /** When this piece must end, in milliseconds since 1970. */
  deadline: number
}

/** `done`: nothing is left to do; `open`: there is more; `busy`: somebody else works on it. */
export type Reindexed = 'done' | 'open' | 'busy'

const name = 'reindex'
const lease = 60_000

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const read = (text: string): Kept => (text === '' ? { walked: [], counts: {} } : JSON.parse(text))

/** Thrown where another has taken over meanwhile. */
class Overtaken extends Error {}

/** The notes of one piece of work; keeping them fails where somebody else has begun to. */
const openNotes = async ({ store, now, holder }: Reindexing) => {
  let { v, text } = await store.progress(name)
  let kept = read(text)
  return {
    isTaken: () => kept.holder !== undefined && kept.holder !== holder && (kept.until ?? 0) > now(),
    kept: () => kept,
    keep: async (change: Partial<Kept>): Promise<void> => {
      const next = { ...kept, holder, until: now() + lease, ...change }
      v++
      text = JSON.stringify(next)
      if (!(await store.keepProgress(name, { v, text }))) throw new Overtaken()
      kept = next
    },
  }
}

type Notes = Awaited<ReturnType<typeof openNotes>>

/** A definition that is retired is walked through anew. */
const walkName = ({ list, state }: Pick<Definition, 'list' | 'state'>): string =>
  state === 'retiring' ? `${list}-` : list

const walkOf = (walk: string, type: string): string => `${walk} ${type}`

const isWalked = (walked: ReadonlySet<string>, definition: Definition): boolean =>
  definition.types.every((type) => walked.has(walkOf(walkName(definition), type)))

/** Definitions that every resource has been looked through for are ready, or gone. */
const settle = async (store: Store, kept: Kept): Promise<boolean> => {
  const walked = new Set(kept.walked)
  const definitions = await store.definitions()
  const all = definitionsIn(definitions)
  const done = all.filter((each) => each.state !== 'ready' && isWalked(walked, each))
  if (done.length === 0) return false
  const next = all.flatMap((each): Definition[] => {
    if (!done.includes(each)) return [each]
    return each.state === 'retiring' ? [] : [{ ...each, state: 'ready' }]
  })
  try {
    await store.define({ version: definitions.version + 1, text: JSON.stringify(next) })
  } catch (thrown) {
    if (!isKind(thrown, 'version-conflict')) throw thrown
  }
  return true
}

const nextPass = (pending: readonly Definition[], { walked }: Kept): Pass | undefined => {
  const done = new Set(walked)
  const open = (definition: Definition, type: string) => !done.has(walkOf(walkName(definition), type))
  const first = pending.flatMap((each) => each.types.filter((type) => open(each, type)))[0]
  if (first === undefined) return undefined
  const lists = pending.filter((each) => each.types.includes(first) && open(each, first)).map(walkName)
  return { type: first, lists, shard: 0 }
}

const expectedBy = (parameters: readonly SearchParameter[], versions: readonly Version[]): Expected[] =>
  versions.map((version) => ({
    type: version.type,
    id: version.id,
    w: version.w,
    entries: ownEntries(parameters, JSON.parse(version.text) as Resource, version.t),
  }))

/** What was put for a version that has been superseded meanwhile is taken back: its writer may not have known of it. */
const enter = async ({ store, care }: Reindexing, expected: readonly Expected[]): Promise<void> => {
  const wanted = care.wanted(expected)
  if (wanted.length === 0) return
  await care.say(wanted)
  const current = new Set(await ofCurrent(store, wanted))
  await care.unsay(wanted.filter((one) => !current.has(one)))
}

const pageSize = 200

const walkPage = async (work: Reindexing, pass: Pass): Promise<{ after?: string; count: number }> => {
  const { store, care } = work
  const own = await ownIn(await store.definitions())
  const named = (parameters: readonly SearchParameter[], mark: string): SearchParameter[] =>
    parameters.filter((parameter) => pass.lists.includes(`${parameter.own?.list}${mark}`))
  const entering = named(own.indexed(pass.type), '')
  const leaving = named(own.all(pass.type), '-')
  const list = typeList(pass.type).name
  const page = await store.page({
    list,
    shard: pass.shard,
    reverse: false,
    limit: pageSize,
    ...(pass.after !== undefined && { after: pass.after }),
  })
  const keys = new Map(page.candidates.map(({ id, w }) => [id, { type: pass.type, id, w }]))
  for (const chunk of inChunks([...keys.values()], 500)) {
    const versions = (await store.get(chunk)).filter((version) => version !== undefined && !version.deleted)
    const live = versions.filter((version) => version !== undefined)
    if (entering.length > 0) await enter(work, expectedBy(entering, live))
    if (leaving.length > 0) await care.unsay(await care.saidOf(expectedBy(leaving, live)))
  }
  return { count: keys.size, ...(page.after !== undefined && { after: page.after }) }
}

const counted = (counts: Kept['counts'], lists: readonly string[], more: number): Kept['counts'] => ({
  ...counts,
  ...Object.fromEntries(lists.map((list) => [list, (counts[list] ?? 0) + more])),
})

/** Walks through one page and keeps where the next one begins. */
const step = async (work: Reindexing, notes: Notes, pass: Pass): Promise<void> => {
  const { after, count } = await walkPage(work, pass)
  const { type, lists, shard } = pass
  const counts = counted(notes.kept().counts, lists, count)
  if (after !== undefined) return notes.keep({ counts, pass: { ...pass, after } })
  if (shard + 1 < typeList(type).shards)
    return notes.keep({ counts, pass: { type, lists, shard: shard + 1 } })
  const walked = [...notes.kept().walked, ...lists.map((list) => walkOf(list, type))]
  return notes.keep({ counts, walked, pass: undefined })
}

const pendingIn = async (store: Store): Promise<Definition[]> =>
  definitionsIn(await store.definitions()).filter(({ state }) => state !== 'ready')

/** The walk that was begun, if anything of it is still wanted; else the next one. */
const passFor = (pending: readonly Definition[], kept: Kept): Pass | undefined => {
  const wanted = new Set(pending.map(walkName))
  const begun = kept.pass?.lists.some((list) => wanted.has(list)) ? kept.pass : undefined
  return begun ?? nextPass(pending, kept)
}

const pause = 250

const carryOn = async (work: Reindexing): Promise<Reindexed> => {
  const { store, now, deadline } = work
  const notes = await openNotes(work)
  if (notes.isTaken()) return 'busy'
  await notes.keep({})
  while (now() < deadline) {
    if (await settle(store, notes.kept())) continue
    const pending = await pendingIn(store)
    if (pending.length === 0) {
      await notes.keep({ holder: undefined, until: undefined, pass: undefined, walked: [], counts: {} })
      return 'done'
    }
    const pass = passFor(
      pending.filter(({ from }) => from <= now()),
      notes.kept(),
    )
    if (pass) await step(work, notes, pass)
    else {
      await sleep(pause)
      await notes.keep({})
    }
  }
  await notes.keep({ holder: undefined, until: undefined })
  return 'open'
}

/** Carries out the definitions that are not carried out yet, until the deadline. */
export const reindex = async (work: Reindexing): Promise<Reindexed> => {
  try {
    const outcome = await carryOn(work)
    // Whoever came while this one was about to leave has left it to this one.
    return outcome === 'done' && (await pendingIn(work.store)).length > 0 ? await reindex(work) : outcome
  } catch (thrown) {
    if (thrown instanceof Overtaken) return 'busy'
    throw thrown
  }
}

/** How far a definition has come. */
export interface Standing {
  definition: Definition
  /** Types whose resources have all been looked through. */
  walked: number
  resources: number
}

/** Returns how far each definition has come, and whether somebody is at work. */
export const standingOfAll = async (
  store: Store,
  now: number,
): Promise<{ running: boolean; standings: Standing[] }> => {
  const [definitions, { text }] = await Promise.all([store.definitions(), store.progress(name)])
  const kept = read(text)
  const walked = new Set(kept.walked)
  const standings = definitionsIn(definitions).map((definition): Standing => {
    const walk = walkName(definition)
    const done = definition.types.filter((type) => walked.has(walkOf(walk, type)))
    return { definition, walked: done.length, resources: kept.counts[walk] ?? 0 }
  })
  return { running: kept.holder !== undefined && (kept.until ?? 0) > now, standings }
}
