/** Brings the index in line with a tenant's own search parameters, resource by resource, in pieces of bounded work. */

import { containerAt } from '../../fhir/contained.ts'
import type { Resource, SearchParameter } from '../../fhir/definitions.ts'
import { isKind } from '../../outcome/failure.ts'
import { innerList, typeList } from '../../store/keys.ts'
import { inChunks, sleep } from '../../store/parallel.ts'
import type { Candidate, Expected, IndexAudit, MissingEntry, Store, Version } from '../../store/port.ts'
import { ofCurrent } from '../audit/audit.ts'
import {
  isUpgrade,
  isWalked,
  type Task,
  taskOf,
  tasksIn,
  upgradeTask,
  walkName,
  walkOf,
} from '../audit/tasks.ts'
import { type CustomParameters, type Definition, definitionsIn, ownIn } from '../custom.ts'
import { customEntries, indexEntriesOf } from '../index/entries.ts'
import {
  type Kept,
  type Notes,
  notesName,
  Overtaken,
  openNotes,
  type Pass,
  readNotes,
  type Worker,
} from './notes.ts'

/** What a reindexing works with. */
export interface Reindexing extends Worker {
  audit: IndexAudit
  /** When this piece must end, in milliseconds since 1970. */
  deadline: number
}

/** `done`: nothing is left to do; `open`: there is more; `busy`: somebody else works on it. */
export type Reindexed = 'done' | 'open' | 'busy'

/** Once nothing is left that other builds have indexed otherwise, they are forgotten. */
const settleUpgrade = async (store: Store, walked: ReadonlySet<string>): Promise<boolean> => {
  const { task, others } = await upgradeTask(store)
  if (!task || !isWalked(walked, task)) return false
  await store.forgetBuilds(others)
  return true
}

/** Definitions that every resource has been looked through for are ready, or gone. */
const settle = async (store: Store, kept: Kept): Promise<boolean> => {
  const walked = new Set(kept.walked)
  if (await settleUpgrade(store, walked)) return true
  const definitions = await store.definitions()
  const all = definitionsIn(definitions)
  const done = all.filter((each) => each.state !== 'ready' && isWalked(walked, taskOf(each)))
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

const nextPass = (tasks: readonly Task[], { walked }: Kept): Pass | undefined => {
  const done = new Set(walked)
  const isOpen = ({ walk }: Task, type: string) => !done.has(walkOf(walk, type))
  const first = tasks.flatMap((task) => task.types.filter((type) => isOpen(task, type)))[0]
  if (first === undefined) return undefined
  const lists = tasks
    .filter((task) => task.types.includes(first) && isOpen(task, first))
    .map(({ walk }) => walk)
  return { type: first, lists, shard: 0 }
}

const expectedBy = (parameters: readonly SearchParameter[], versions: readonly Version[]): Expected[] =>
  versions.map((version) => ({
    type: version.type,
    id: version.id,
    v: version.v,
    w: version.w,
    entries: customEntries(parameters, JSON.parse(version.text) as Resource, version.t),
  }))

/** What was put for a version that has been superseded meanwhile is taken back: its writer may not have known of it. */
const take = async (
  { store, audit }: Pick<Reindexing, 'store' | 'audit'>,
  wanted: readonly MissingEntry[],
): Promise<void> => {
  if (wanted.length === 0) return
  await audit.put(wanted)
  const current = new Set(await ofCurrent(store, wanted))
  await audit.remove(wanted.filter((one) => !current.has(one)))
}

/** Indexes versions by all of the tenant's own parameters; what is there already stays as it is. */
export const indexOwn = async (
  store: Store,
  own: CustomParameters,
  versions: readonly Version[],
): Promise<void> => {
  const audit = await store.audit()
  const expected = versions.flatMap((version) => expectedBy(own.indexed(version.type), [version]))
  await take({ store, audit }, await audit.missing(expected))
}

/** Every entry of these versions that is not there is put. */
const enterAll = async (
  work: Reindexing,
  own: CustomParameters,
  versions: readonly Version[],
): Promise<void> => {
  const expected = versions.map(({ type, id, v, w, t, text }) => ({
    type,
    id,
    v,
    w,
    entries: indexEntriesOf(JSON.parse(text) as Resource, t, own.indexed(type)),
  }))
  await take(work, await work.audit.missing(expected))
}

const pageSize = 200

/** What an upgrade changes of a type is looked for inside other resources too. */
const shardsOf = ({ type, lists }: Pass): { list: string; shard: number; inner: boolean }[] => {
  const own = typeList(type)
  const walked = lists.some(isUpgrade) ? [own, innerList(own)] : [own]
  return walked.flatMap(({ name, shards }) =>
    Array.from({ length: shards }, (_, shard) => ({ list: name, shard, inner: name !== own.name })),
  )
}

/** Superseded versions whose entries are not cleared away yet leave the lists of what is retired with the current ones. */
const leaveSuperseded = async (
  { store, audit }: Reindexing,
  leaving: readonly SearchParameter[],
  type: string,
  candidates: readonly Candidate[],
): Promise<void> => {
  const past = candidates.filter(({ since }) => since > 0).map(({ id, since }) => ({ type, id, v: since }))
  const versions = (await store.exactly(past)).filter((version) => version !== undefined && !version.deleted)
  const there = versions.filter((version) => version !== undefined)
  await audit.remove(await audit.entriesOf(expectedBy(leaving, there)))
}

const walkPage = async (work: Reindexing, pass: Pass): Promise<{ after?: string; count: number }> => {
  const { store, audit } = work
  const { list, shard, inner } = shardsOf(pass)[pass.shard] ?? { list: '', shard: 0, inner: false }
  const own = await ownIn(await store.definitions())
  const named = (parameters: readonly SearchParameter[], mark: string): SearchParameter[] =>
    inner ? [] : parameters.filter((parameter) => pass.lists.includes(`${parameter.own?.list}${mark}`))
  const entering = named(own.indexed(pass.type), '')
  const leaving = named(own.all(pass.type), '-')
  const page = await store.page({
    list,
    shard,
    reverse: false,
    limit: pageSize,
    ...(pass.after !== undefined && { after: pass.after }),
  })
  const keys = new Map(
    page.candidates.map(({ id, w }) => [id, { ...(containerAt(id) ?? { type: pass.type, id }), w }]),
  )
  for (const chunk of inChunks([...keys.values()], 500)) {
    const versions = (await store.get(chunk)).filter((version) => version !== undefined && !version.deleted)
    const live = versions.filter((version) => version !== undefined)
    if (entering.length > 0) await take(work, audit.allOf(expectedBy(entering, live)))
    if (pass.lists.some(isUpgrade)) await enterAll(work, own, live)
    if (leaving.length > 0) await audit.remove(await audit.entriesOf(expectedBy(leaving, live)))
  }
  if (leaving.length > 0) await leaveSuperseded(work, leaving, pass.type, page.candidates)
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
  if (shard + 1 < shardsOf(pass).length)
    return notes.keep({ counts, pass: { type, lists, shard: shard + 1 } })
  const walked = [...notes.kept().walked, ...lists.map((list) => walkOf(list, type))]
  return notes.keep({ counts, walked, pass: undefined })
}

/** The walk that was begun, if anything of it is still wanted; else the next one. */
const passFor = (tasks: readonly Task[], kept: Kept): Pass | undefined => {
  const wanted = new Set(tasks.map(({ walk }) => walk))
  const begun = kept.pass?.lists.some((list) => wanted.has(list)) ? kept.pass : undefined
  return begun ?? nextPass(tasks, kept)
}

const pause = 250

/**
 * After an upgrade functions of the build before may be at work for a while: their last writes are waited for. That is 16
 * minutes where the grace is 10 s: five for them, eleven by which the clock of who met the upgrade may be ahead of ours.
 */
const overlap = ({ store }: Reindexing): number => store.grace * 96

const meet = async (work: Reindexing, notes: Notes, tasks: readonly Task[]): Promise<void> => {
  const upgrade = tasks.find(({ walk }) => isUpgrade(walk))
  if (upgrade && upgrade.walk !== notes.kept().met?.walk)
    await notes.keep({ met: { walk: upgrade.walk, at: work.now() } })
}

/** What can be begun: no write is under way any more that does not know of it. */
const ripe = (work: Reindexing, { met }: Kept, tasks: readonly Task[]): Task[] =>
  tasks.filter(({ walk, from }) => (walk === met?.walk ? met.at + overlap(work) : from) <= work.now())

const carryOn = async (work: Reindexing): Promise<Reindexed> => {
  const { store, now, deadline } = work
  const notes = await openNotes(work)
  if (notes.isTaken()) return 'busy'
  await notes.keep({})
  while (now() < deadline) {
    if (await settle(store, notes.kept())) continue
    const tasks = await tasksIn(store)
    if (tasks.length === 0) {
      await notes.keep({ holder: undefined, until: undefined, pass: undefined, walked: [], counts: {} })
      return 'done'
    }
    await meet(work, notes, tasks)
    const pass = passFor(ripe(work, notes.kept(), tasks), notes.kept())
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
    return outcome === 'done' && (await tasksIn(work.store)).length > 0 ? await reindex(work) : outcome
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
): Promise<{ running: boolean; standings: Standing[]; changed: string[] }> => {
  const [definitions, { text }, { task }] = await Promise.all([
    store.definitions(),
    store.progress(notesName),
    upgradeTask(store),
  ])
  const kept = readNotes(text)
  const walked = new Set(kept.walked)
  const standings = definitionsIn(definitions).map((definition): Standing => {
    const walk = walkName(definition)
    const done = definition.types.filter((type) => walked.has(walkOf(walk, type)))
    return { definition, walked: done.length, resources: kept.counts[walk] ?? 0 }
  })
  const changed = task?.types.filter((type) => !walked.has(walkOf(task.walk, type))) ?? []
  return { running: kept.holder !== undefined && (kept.until ?? 0) > now, standings, changed }
}
