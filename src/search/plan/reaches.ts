import type { ValueClause } from '../query.ts'
import { modifierNamed } from '../types/index.ts'
import type { Reach } from '../types/rules.ts'
import { type Bounds, boundsOfEither } from './bounds.ts'

/** Returns the index places of each value of a clause; undefined if any value has no such places. */
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
  return first && others.reduce(boundsOfEither, first)
}
