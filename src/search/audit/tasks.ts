/** What is to be done in the background: definitions of a tenant's own, and what an upgrade of the software has changed. */

import type { Store } from '../../store/port.ts'
import { type Definition, definitionsIn } from '../custom.ts'
import { thisBuild, typesIndexedOtherwise } from '../index/build.ts'

/** A definition that is retired is walked through anew. */
export const walkName = ({ list, state }: Pick<Definition, 'list' | 'state'>): string =>
  state === 'retiring' ? `${list}-` : list

export const walkOf = (walk: string, type: string): string => `${walk} ${type}`

/** What is to be walked through: a definition of the tenant's own, or what an upgrade has changed. */
export interface Task {
  walk: string
  types: readonly string[]
  from: number
}

/** Returns whether every type has been walked through. */
export const isWalked = (walked: ReadonlySet<string>, { walk, types }: Task): boolean =>
  types.every((type) => walked.has(walkOf(walk, type)))

/** Returns what is to be done for a definition. */
export const taskOf = (definition: Definition): Task => ({
  walk: walkName(definition),
  types: definition.types,
  from: definition.from,
})

const upgrade = '*'

/** Returns whether a walk is for what an upgrade has changed. */
export const isUpgrade = (walk: string): boolean => walk.startsWith(upgrade)

/** The types that other builds have indexed otherwise: all their entries are looked at. */
export const upgradeTask = async (store: Store): Promise<{ task?: Task; others: string[] }> => {
  const others = (await store.builds()).filter(({ print }) => print !== thisBuild().print)
  const types = [...new Set(others.flatMap(typesIndexedOtherwise))]
  const prints = others.map(({ print }) => print)
  if (others.length === 0) return { others: [] }
  return { others: prints, task: { walk: `${upgrade}${thisBuild().print}`, types, from: 0 } }
}

/** Everything that is to be done, what a tenant has defined first. */
export const tasksIn = async (store: Store): Promise<Task[]> => {
  const definitions = definitionsIn(await store.definitions())
  const { task } = await upgradeTask(store)
  return [...definitions.filter(({ state }) => state !== 'ready').map(taskOf), ...(task ? [task] : [])]
}
