import { failure } from '../../outcome/failure.ts'
import type { Reader } from '../../store/reader.ts'
import type { Clause, Query } from '../query.ts'

/** Returns the types whose words are searched: a chain may end in words of a second type. */
const typesSought = (type: string, clauses: readonly Clause[]): readonly string[] =>
  clauses.flatMap((clause): readonly string[] => {
    if (clause.kind === 'words') return [type]
    if (clause.kind === 'chain')
      return clause.targets.flatMap((target) => typesSought(target.type, [target.clause]))
    if (clause.kind === 'has') return typesSought(clause.type, [clause.clause])
    return 'clauses' in clause ? typesSought(type, clause.clauses) : []
  })

const reindexAdvice =
  'The next change that is stored begins to look through them, or `POST $reindex`; its answer says how far it is.'

/**
 * Fails with `unsupported` for a search of words or contained resources, if a build that indexed the type otherwise has
 * written resources of the type: the answer could be incomplete.
 */
export const checkIndexed = async (store: Reader, { type, clauses, contained }: Query): Promise<void> => {
  const inner = contained !== 'false'
  const types = inner ? [] : typesSought(type, clauses)
  if (!inner && types.length === 0) return
  const { typesIndexedOtherwise: changedSince } = await import('../index/build.ts')
  const changed = new Set((await store.builds()).flatMap(changedSince))
  const missing = inner ? [...changed][0] : types.find((each) => changed.has(each))
  if (missing === undefined) return
  const what = inner ? 'What is inside of' : 'The words of'
  throw failure(
    'unsupported',
    `${what} older resources of type ${missing} are not in the index yet. ${reindexAdvice}`,
    type,
  )
}
