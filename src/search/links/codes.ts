import { failure } from '../../outcome/failure.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Clause, Codes, Query, SearchValue, TokenValue, ValueClause } from '../query.ts'
import { rewritten, someValue } from './rewrite.ts'

/** What a value stands for. */
export interface Meant {
  codes: Codes
  others?: Codes
}

/** Returns the codes of the value set that a value names, or those above or below its code; fails where that cannot be told. */
export type FindCodes = (modifier: CodeModifier, value: TokenValue) => Promise<Meant>

const modifiers = ['in', 'not-in', 'above', 'below'] as const
export type CodeModifier = (typeof modifiers)[number]

const modifierOf = ({ parameter, modifier }: ValueClause): CodeModifier | undefined =>
  parameter.type === 'token' ? modifiers.find((each) => each === modifier) : undefined

/** Returns the query with the codes that its clauses are about; the same query where none needs to be told. */
export const withCodes = async (query: Query, findCodes: FindCodes | undefined): Promise<Query> => {
  if (!someValue(query.clauses, needsCodes)) return query
  if (!findCodes)
    throw failure('unsupported', `No terminology is at hand here for the modifiers ${modifiers.join(', ')}.`)
  const tell = (clause: ValueClause) => tellValues(clause, findCodes)
  return { ...query, clauses: await rewritten(query.clauses, needsCodes, tell) }
}

const needsCodes = (clause: ValueClause): boolean => modifierOf(clause) !== undefined

const width = 16

/** Where there is no such code nothing can match, which the plan should know. */
const tellValues = async (clause: ValueClause, findCodes: FindCodes): Promise<Clause> => {
  const modifier = modifierOf(clause)
  const tellOne = async (value: SearchValue): Promise<SearchValue> =>
    value.type === 'token' && modifier && (value.set ?? value.system) !== undefined
      ? { ...value, ...(await findCodes(modifier, value)) }
      : value
  const values = await inParallel(width, clause.values, tellOne)
  const isEmpty = values.every((value) => value.type === 'token' && value.codes?.size === 0)
  return isEmpty && modifier !== 'not-in' ? { kind: 'any', clauses: [] } : { ...clause, values }
}
