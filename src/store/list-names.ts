/** List names read backwards: the type or patient of an index partition. */

import { innerList, patientList, sideList } from './keys.ts'
import type { List } from './port.ts'
import { spanLimits } from './spans.ts'

/** The scope of an index partition: a type's lists, or a patient's compartment. */
export type PartitionScope = { type: string } | { patient: string }

/** Returns the scope and the list of an index item's partition. */
export const listOfPartition = (pk: string): { scope: PartitionScope; name: string } => {
  const name = pk.slice(pk.indexOf('|') + 1, pk.lastIndexOf('|'))
  const [type = '', id = ''] = name.replace(/^#?(~\w+\|)?/, '').split('|')
  return { name, scope: type === 'patient' ? { patient: id } : { type } }
}

/** Returns the beginnings of the partitions of a type, and of patients' compartments. */
export const scopePrefixes = (tenant: string, type: string): { own: string[]; patients: string[] } => {
  const sides = ['', ...spanLimits.map(([span]) => `~${span}|`)]
  const befores = sides.flatMap((side) => [`${tenant}|${side}`, `${tenant}|#${side}`])
  return { own: befores.map((each) => `${each}${type}|`), patients: befores.map((each) => `${each}patient|`) }
}

/** Returns the lists of a patient's compartment, for stored and for contained resources. */
export const patientLists = (id: string): List[] => {
  const own = patientList(id)
  return [own, ...spanLimits.map(([span]) => sideList(own, span))].flatMap((list) => [list, innerList(list)])
}
