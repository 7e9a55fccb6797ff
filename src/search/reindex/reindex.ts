/** Indexes resources by a tenant's custom search parameters and by upgraded software, in pieces of bounded work. */

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
  type ReindexTask,
  taskOf,
  tasksIn,
  upgradeTask,
  walkName,
  walkOf,
} from '../audit/tasks.ts'
import { type CustomParameters, customParametersIn, type Definition, definitionsIn } from '../custom.ts'
import { customEntries, indexEntriesOf } from '../index/entries.ts'
import {
  notesName,
  type OpenNotes,
  Overtaken,
  openNotes,
  type Pass,
  type ReindexNotes,
  readNotes,
  type Worker,
} from './notes.ts'

/** A worker with the audit of the index. */
export interface Reindexing extends Worker {
  audit: IndexAudit
  /** The instant at which this piece must end, in milliseconds since 1970. */
  deadline: number
}

/** `done`: nothing is left; `open`: there is more work; `busy`: a second worker is active. */
export type Reindexed = 'done' | 'open' | 'busy'

/** Forgets the builds that indexed otherwise after all their entries are walked; returns whether they were forgotten. */
const settleUpgrade = async (store: Store, walked: ReadonlySet<string>): Promise<boolean> => {
  const { task, others } = await upgradeTask(store)
  if (!task || !isWalked(walked, task)) return false
  await store.forgetBuilds(others)
  return true
}

/** Makes fully walked definitions ready, or removes them if retired; returns whether any changed. */
const settleDefinitions = async (store: Store, kept: ReindexNotes): Promise<boolean> => {
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

const nextPass = (tasks: readonly ReindexTask[], { walked }: ReindexNotes): Pass | undefined => {
  const done = new Set(walked)
  const isOpen = ({ walk }: ReindexTask, type: string) => !done.has(walkOf(walk, type))
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

/**
 * Puts entries, and removes the entries of versions that were superseded meanwhile: their writer may not have known of
 * them.
 */
const putCurrent = async (
  { store, audit }: Pick<Reindexing, 'store' | 'audit'>,
  wanted: readonly MissingEntry[],
): Promise<void> => {
  if (wanted.length === 0) return
  await audit.put(wanted)
  const current = new Set(await ofCurrent(store, wanted))
  await audit.remove(wanted.filter((one) => !current.has(one)))
}

/** Indexes versions by all custom parameters of the tenant; existing entries stay unchanged. */
export const indexCustom = async (
  store: Store,
  own: CustomParameters,
  versions: readonly Version[],
): Promise<void> => {
  const audit = await store.audit()
  const expected = versions.flatMap((version) => expectedBy(own.indexed(version.type), [version]))
  await putCurrent({ store, audit }, await audit.missing(expected))
}

/** Puts every missing entry of these versions. */
const putAllMissing = async (
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
  await putCurrent(work, await work.audit.missing(expected))
}

const indexedAtOnce = 200

/** Returns the shards that a pass walks; an upgrade's pass includes the lists of contained resources. */
const shardsOf = ({ type, lists }: Pass): { list: string; shard: number; inner: boolean }[] => {
  const own = typeList(type)
  const walked = lists.some(isUpgrade) ? [own, innerList(own)] : [own]
  return walked.flatMap(({ name, shards }) =>
    Array.from({ length: shards }, (_, shard) => ({ list: name, shard, inner: name !== own.name })),
  )
}

/** Removes the entries of retired parameters from superseded versions whose entries are not cleared yet. */
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
  const own = await customParametersIn(await store.definitions())
  const named = (parameters: readonly SearchParameter[], mark: string): SearchParameter[] =>
    inner ? [] : parameters.filter((parameter) => pass.lists.includes(`${parameter.own?.list}${mark}`))
  const entering = named(own.indexed(pass.type), '')
  const leaving = named(own.all(pass.type), '-')
  const page = await store.page({
    list,
    shard,
    reverse: false,
    limit: indexedAtOnce,
    ...(pass.after !== undefined && { after: pass.after }),
  })
  const keys = new Map(
    page.candidates.map(({ id, w }) => [id, { ...(containerAt(id) ?? { type: pass.type, id }), w }]),
  )
  for (const chunk of inChunks([...keys.values()], 500)) {
    const versions = (await store.get(chunk)).filter((version) => version !== undefined && !version.deleted)
    const live = versions.filter((version) => version !== undefined)
    if (entering.length > 0) await putCurrent(work, audit.allOf(expectedBy(entering, live)))
    if (pass.lists.some(isUpgrade)) await putAllMissing(work, own, live)
    if (leaving.length > 0) await audit.remove(await audit.entriesOf(expectedBy(leaving, live)))
  }
  if (leaving.length > 0) await leaveSuperseded(work, leaving, pass.type, page.candidates)
  return { count: keys.size, ...(page.after !== undefined && { after: page.after }) }
}

const withCounted = (
  counts: ReindexNotes['counts'],
  lists: readonly string[],
  more: number,
): ReindexNotes['counts'] => ({
  ...counts,
  ...Object.fromEntries(lists.map((list) => [list, (counts[list] ?? 0) + more])),
})

/** Walks through a page and keeps the position of the next page. */
const walkStep = async (work: Reindexing, notes: OpenNotes, pass: Pass): Promise<void> => {
  const { after, count } = await walkPage(work, pass)
  const { type, lists, shard } = pass
  const counts = withCounted(notes.kept().counts, lists, count)
  if (after !== undefined) return notes.keep({ counts, pass: { ...pass, after } })
  if (shard + 1 < shardsOf(pass).length)
    return notes.keep({ counts, pass: { type, lists, shard: shard + 1 } })
  const walked = [...notes.kept().walked, ...lists.map((list) => walkOf(list, type))]
  return notes.keep({ counts, walked, pass: undefined })
}

/** Returns the pass in progress if any of its walks is still needed; else the next pass. */
const passFor = (tasks: readonly ReindexTask[], kept: ReindexNotes): Pass | undefined => {
  const wanted = new Set(tasks.map(({ walk }) => walk))
  const begun = kept.pass?.lists.some((list) => wanted.has(list)) ? kept.pass : undefined
  return begun ?? nextPass(tasks, kept)
}

const reindexPause = 250

/**
 * Returns the milliseconds after an upgrade during which functions of the previous build may still write: 16 minutes for
 * a grace of 10 s. Five minutes are for those functions, eleven for the clock of the worker that met the upgrade.
 */
const upgradeGrace = ({ store }: Reindexing): number => store.grace * 96

const noteUpgrade = async (
  work: Reindexing,
  notes: OpenNotes,
  tasks: readonly ReindexTask[],
): Promise<void> => {
  const upgrade = tasks.find(({ walk }) => isUpgrade(walk))
  if (upgrade && upgrade.walk !== notes.kept().met?.walk)
    await notes.keep({ met: { walk: upgrade.walk, at: work.now() } })
}

/** Returns the tasks that can begin: every write under way knows of them. */
const ripeTasks = (work: Reindexing, { met }: ReindexNotes, tasks: readonly ReindexTask[]): ReindexTask[] =>
  tasks.filter(({ walk, from }) => (walk === met?.walk ? met.at + upgradeGrace(work) : from) <= work.now())

const carryOn = async (work: Reindexing): Promise<Reindexed> => {
  const { store, now, deadline } = work
  const notes = await openNotes(work)
  if (notes.isTaken()) return 'busy'
  await notes.keep({})
  while (now() < deadline) {
    if (await settleDefinitions(store, notes.kept())) continue
    const tasks = await tasksIn(store)
    if (tasks.length === 0) {
      await notes.keep({ holder: undefined, until: undefined, pass: undefined, walked: [], counts: {} })
      return 'done'
    }
    await noteUpgrade(work, notes, tasks)
    const pass = passFor(ripeTasks(work, notes.kept(), tasks), notes.kept())
    if (pass) await walkStep(work, notes, pass)
    else {
      await sleep(reindexPause)
      await notes.keep({})
    }
  }
  await notes.keep({ holder: undefined, until: undefined })
  return 'open'
}

/** Carries out the pending tasks until the deadline; returns `busy` if a second worker is active. */
export const reindex = async (work: Reindexing): Promise<Reindexed> => {
  try {
    const outcome = await carryOn(work)
    // A worker that found this one busy has left its new tasks to this one.
    return outcome === 'done' && (await tasksIn(work.store)).length > 0 ? await reindex(work) : outcome
  } catch (thrown) {
    if (thrown instanceof Overtaken) return 'busy'
    throw thrown
  }
}

/** The progress of a definition. */
export interface DefinitionProgress {
  definition: Definition
  /** The number of types whose resources have all been walked. */
  walked: number
  resources: number
}

/** Returns the progress of each definition, and whether a worker is active. */
export const definitionProgress = async (
  store: Store,
  now: number,
): Promise<{ running: boolean; standings: DefinitionProgress[]; changed: string[] }> => {
  const [definitions, { text }, { task }] = await Promise.all([
    store.definitions(),
    store.progress(notesName),
    upgradeTask(store),
  ])
  const kept = readNotes(text)
  const walked = new Set(kept.walked)
  const standings = definitionsIn(definitions).map((definition): DefinitionProgress => {
    const walk = walkName(definition)
    const done = definition.types.filter((type) => walked.has(walkOf(walk, type)))
    return { definition, walked: done.length, resources: kept.counts[walk] ?? 0 }
  })
  const changed = task?.types.filter((type) => !walked.has(walkOf(task.walk, type))) ?? []
  return { running: kept.holder !== undefined && (kept.until ?? 0) > now, standings, changed }
}
