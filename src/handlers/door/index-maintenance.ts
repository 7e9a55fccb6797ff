/** Index maintenance that no client asks for, begun by the stream of changes. */

import { beginJob } from '../../jobs/create.ts'
import type { Context } from '../../request/context.ts'
import { customParametersIn } from '../../search/custom.ts'
import { thisBuild, typesIndexedOtherwise } from '../../search/index/build.ts'
import { indexCustom } from '../../search/reindex/reindex.ts'
import { committedItems, type StreamRecord } from '../../store/archive/stream.ts'
import { resourceOfPartition } from '../../store/keys.ts'
import type { Store } from '../../store/port.ts'

/** The principal of work that the server does on its own. */
const principal = { id: 'pilotlight', name: 'pilotlight', groups: ['admin'] }

/** Returns whether a batch stores a search parameter: its writer begins the indexing, but may have died before. */
const definesIn = (records: readonly StreamRecord[]): boolean =>
  committedItems(records).some(({ pk }) => resourceOfPartition(pk).type === 'SearchParameter')

const isUpgraded = async (store: Store): Promise<boolean> => {
  const builds = await store.builds()
  return builds.some((build) => build.print !== thisBuild().print && typesIndexedOtherwise(build).length > 0)
}

/**
 * Indexes versions by definitions that their writers did not know, when the walk through all resources may already have
 * passed them.
 */
const catchUp = async (records: readonly StreamRecord[], store: Store): Promise<void> => {
  const definitions = await store.definitions()
  if (definitions.version === 0) return
  const own = await customParametersIn(definitions)
  const late = committedItems(records)
    .filter(({ deleted, defs = 0 }) => !deleted && defs < definitions.version)
    .map(({ pk, w }) => ({ ...resourceOfPartition(pk), w }))
    .filter(({ type }) => own.indexed(type).length > 0)
  if (late.length === 0) return
  const versions = await store.get(late)
  const standing = versions.filter((version) => version !== undefined)
  const found = new Set(late.map(({ w }) => w))
  await indexCustom(
    store,
    own,
    standing.filter(({ w }) => found.has(w)),
  )
}

/** Begins the daily work that is too long for the stream function. */
export const beginDaily = (context: Omit<Context, 'principal'>): Promise<void> =>
  beginJob('$compact-archive', { ...context, principal })

/** Returns the maintenance of a batch of changes; once per process it also checks for an upgrade and begins a reindex. */
export const openUpkeep = (contextOf: () => Omit<Context, 'principal'>) => {
  let looked = false
  return async (records: readonly StreamRecord[]): Promise<void> => {
    const context = { ...contextOf(), principal }
    await catchUp(records, context.store)
    const upgraded = !looked && (await isUpgraded(context.store))
    if (upgraded || definesIn(records)) await beginJob('$reindex', context)
    looked = true
  }
}
