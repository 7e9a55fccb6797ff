/** List names read backwards: what a partition of the index is about. */

import { innerList, patientList, sideList } from './keys.ts'
import type { List } from './port.ts'
import { spanLimits } from './spans.ts'

/** What an index partition is about: a type's lists, or the compartment of a patient. */
export type Scope = { type: string } | { patient: string }

/** Turns the partition of an index item back into what it is about and its list's name. */
export const listOf = (pk: string): { scope: Scope; name: string } => {
  const name = pk.slice(pk.indexOf('|') + 1, pk.lastIndexOf('|'))
  const [type = '', id = ''] = name.replace(/^#?(~\w+\|)?/, '').split('|')
  return { name, scope: type === 'patient' ? { patient: id } : { type } }
}

/** Returns what a partition begins with that is about a type, and what one begins with that is about patients. */
export const scopePrefixes = (tenant: string, type: string): { own: string[]; patients: string[] } => {
  const sides = ['', ...spanLimits.map(([span]) => `~${span}|`)]
  const befores = sides.flatMap((side) => [`${tenant}|${side}`, `${tenant}|#${side}`])
  return { own: befores.map((each) => `${each}${type}|`), patients: befores.map((each) => `${each}patient|`) }
}

/** Returns the lists of a patient's compartment, for resources by themselves and for those inside others. */
export const patientLists = (id: string): List[] => {
  const own = patientList(id)
  return [own, ...spanLimits.map(([span]) => sideList(own, span))].flatMap((list) => [list, innerList(list)])
}
