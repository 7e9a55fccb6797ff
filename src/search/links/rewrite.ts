import type { Clause, ValueClause } from '../query.ts'

/** Replaces a clause about values by what it comes to. */
export type Replace = (clause: ValueClause) => Promise<Clause>

type Test = (clause: ValueClause) => boolean

const innerOf = (clause: Clause): readonly Clause[] => {
  if (clause.kind === 'chain') return clause.targets.map((target) => target.clause)
  if (clause.kind === 'has') return [clause.clause]
  return 'clauses' in clause ? clause.clauses : []
}

/** Returns whether a clause about values, however deep it lies, is one of these. */
export const someValue = (clauses: readonly Clause[], test: Test): boolean =>
  clauses.some((clause) => (clause.kind === 'value' ? test(clause) : someValue(innerOf(clause), test)))

/** Returns the clauses about values, however deep they lie. */
export const valueClauses = (clauses: readonly Clause[]): readonly ValueClause[] =>
  clauses.flatMap((clause) => (clause.kind === 'value' ? [clause] : valueClauses(innerOf(clause))))

/** Returns the clauses with each of these clauses about values replaced, however deep it lies; all else as it is. */
export const rewritten = (clauses: readonly Clause[], test: Test, replace: Replace): Promise<Clause[]> =>
  Promise.all(
    clauses.map((clause) => (someValue([clause], test) ? rewriteOne(clause, test, replace) : clause)),
  )

const rewriteOne = async (clause: Clause, test: Test, replace: Replace): Promise<Clause> => {
  if (clause.kind === 'value') return replace(clause)
  const inner = await rewritten(innerOf(clause), test, replace)
  if (clause.kind === 'has') return { ...clause, clause: inner[0] ?? clause.clause }
  if (clause.kind === 'chain') {
    const targets = clause.targets.map((target, i) => ({ ...target, clause: inner[i] ?? target.clause }))
    return { ...clause, targets }
  }
  return 'clauses' in clause ? { ...clause, clauses: inner } : clause
}
