import type { ValueClause } from '../query.ts'
import { modifierNamed } from '../types/index.ts'
import type { Reach } from '../types/rules.ts'
import { type Bounds, either } from './bounds.ts'

/** Where each of a clause's values can stand; undefined where one of them could stand anywhere. */
export const reachesOf = ({
  parameter,
  modifier,
  values,
}: ValueClause): readonly (readonly Reach[])[] | undefined => {
  const row = modifierNamed(parameter.type, modifier)
  const reaches = values.map((value) => row?.reach?.(value))
  return parameter.code !== '_id' && reaches.every((reach) => reach !== undefined) ? reaches : undefined
}

export const hull = (reaches: readonly Reach[] | undefined): Bounds | undefined => {
  const bounds = reaches?.flatMap((reach) => (reach.kind === 'range' ? [reach.bounds] : []))
  const [first, ...others] = bounds ?? []
  return first && others.reduce(either, first)
}
