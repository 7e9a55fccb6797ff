/** The background tasks of reindexing: a tenant's custom definitions, and changes by an upgrade of the software. */

import type { Store } from '../../store/port.ts'
import { type Definition, definitionsIn } from '../custom.ts'
import { thisBuild, typesIndexedOtherwise } from '../index/build.ts'

/** Returns the name of a definition's walk; a retired definition has a walk of its own. */
export const walkName = ({ list, state }: Pick<Definition, 'list' | 'state'>): string =>
  state === 'retiring' ? `${list}-` : list

export const walkOf = (walk: string, type: string): string => `${walk} ${type}`

/** A walk over types: for a custom definition, or for the changes of an upgrade. */
export interface ReindexTask {
  walk: string
  types: readonly string[]
  from: number
}

/** Returns whether every type of a task has been walked. */
export const isWalked = (walked: ReadonlySet<string>, { walk, types }: ReindexTask): boolean =>
  types.every((type) => walked.has(walkOf(walk, type)))

/** Returns the task of a definition. */
export const taskOf = (definition: Definition): ReindexTask => ({
  walk: walkName(definition),
  types: definition.types,
  from: definition.from,
})

const upgrade = '*'

/** Returns whether a walk is for an upgrade. */
export const isUpgrade = (walk: string): boolean => walk.startsWith(upgrade)

/** Returns the task for the types that other builds indexed otherwise, and the other builds' prints. */
export const upgradeTask = async (store: Store): Promise<{ task?: ReindexTask; others: string[] }> => {
  const others = (await store.builds()).filter(({ print }) => print !== thisBuild().print)
  const types = [...new Set(others.flatMap(typesIndexedOtherwise))]
  const prints = others.map(({ print }) => print)
  if (others.length === 0) return { others: [] }
  return { others: prints, task: { walk: `${upgrade}${thisBuild().print}`, types, from: 0 } }
}

/** Returns all tasks, custom definitions first. */
export const tasksIn = async (store: Store): Promise<ReindexTask[]> => {
  const definitions = definitionsIn(await store.definitions())
  const { task } = await upgradeTask(store)
  return [...definitions.filter(({ state }) => state !== 'ready').map(taskOf), ...(task ? [task] : [])]
}
