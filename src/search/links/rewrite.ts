import type { Clause, ValueClause } from '../query.ts'

/** Returns the replacement of a value clause. */
export type ReplaceClause = (clause: ValueClause) => Promise<Clause>

type ClauseTest = (clause: ValueClause) => boolean

const innerOf = (clause: Clause): readonly Clause[] => {
  if (clause.kind === 'chain') return clause.targets.map((target) => target.clause)
  if (clause.kind === 'has') return [clause.clause]
  return 'clauses' in clause ? clause.clauses : []
}

/** Returns whether any value clause passes the test, at any depth. */
export const someValue = (clauses: readonly Clause[], test: ClauseTest): boolean =>
  clauses.some((clause) => (clause.kind === 'value' ? test(clause) : someValue(innerOf(clause), test)))

/** Returns the value clauses at any depth. */
export const valueClauses = (clauses: readonly Clause[]): readonly ValueClause[] =>
  clauses.flatMap((clause) => (clause.kind === 'value' ? [clause] : valueClauses(innerOf(clause))))

/** Returns the clauses with each value clause that passes the test replaced, at any depth. */
export const replaceClauses = (
  clauses: readonly Clause[],
  test: ClauseTest,
  replace: ReplaceClause,
): Promise<Clause[]> =>
  Promise.all(
    clauses.map((clause) => (someValue([clause], test) ? replaceWithin(clause, test, replace) : clause)),
  )

const replaceWithin = async (clause: Clause, test: ClauseTest, replace: ReplaceClause): Promise<Clause> => {
  if (clause.kind === 'value') return replace(clause)
  const inner = await replaceClauses(innerOf(clause), test, replace)
  if (clause.kind === 'has') return { ...clause, clause: inner[0] ?? clause.clause }
  if (clause.kind === 'chain') {
    const targets = clause.targets.map((target, i) => ({ ...target, clause: inner[i] ?? target.clause }))
    return { ...clause, targets }
  }
  return 'clauses' in clause ? { ...clause, clauses: inner } : clause
}
