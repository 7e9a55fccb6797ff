import { failure } from '../../outcome/failure.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Clause, Query, SearchedCodes, SearchValue, TokenValue, ValueClause } from '../query.ts'
import { replaceClauses, someValue } from './rewrite.ts'

/** The codes that a value means, and codes known not to be meant. */
export interface FoundCodes {
  codes: SearchedCodes
  others?: SearchedCodes
}

/**
 * Returns the codes of the value set that a value names, or the codes above or below its code; fails if terminology
 * cannot decide.
 */
export type FindCodes = (modifier: CodeModifier, value: TokenValue) => Promise<FoundCodes>

const modifiers = ['in', 'not-in', 'above', 'below'] as const
export type CodeModifier = (typeof modifiers)[number]

const modifierOf = ({ parameter, modifier }: ValueClause): CodeModifier | undefined =>
  parameter.type === 'token' ? modifiers.find((each) => each === modifier) : undefined

/**
 * Returns the query with the codes that its clauses mean, or the same query if no clause needs codes. Fails with
 * `unsupported` without terminology.
 */
export const withCodes = async (query: Query, findCodes: FindCodes | undefined): Promise<Query> => {
  if (!someValue(query.clauses, needsCodes)) return query
  if (!findCodes)
    throw failure('unsupported', `No terminology is at hand here for the modifiers ${modifiers.join(', ')}.`)
  const replace = (clause: ValueClause) => withValueCodes(clause, findCodes)
  return { ...query, clauses: await replaceClauses(query.clauses, needsCodes, replace) }
}

const needsCodes = (clause: ValueClause): boolean => modifierOf(clause) !== undefined

const codeLookupsAtOnce = 16

/**
 * Returns the clause with the codes of its values; a clause without any code is replaced by a clause that never matches,
 * so that the plan knows.
 */
const withValueCodes = async (clause: ValueClause, findCodes: FindCodes): Promise<Clause> => {
  const modifier = modifierOf(clause)
  const withCodesOf = async (value: SearchValue): Promise<SearchValue> =>
    value.type === 'token' && modifier && (value.set ?? value.system) !== undefined
      ? { ...value, ...(await findCodes(modifier, value)) }
      : value
  const values = await inParallel(codeLookupsAtOnce, clause.values, withCodesOf)
  const isEmpty = values.every((value) => value.type === 'token' && value.codes?.size === 0)
  return isEmpty && modifier !== 'not-in' ? { kind: 'any', clauses: [] } : { ...clause, values }
}
