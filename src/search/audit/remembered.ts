import { failure } from '../../outcome/failure.ts'
import type { Reader } from '../../store/reader.ts'
import type { Clause, Query } from '../query.ts'

/** The types whose words are sought: a chain may end in words of another type. */
const typesSought = (type: string, clauses: readonly Clause[]): readonly string[] =>
  clauses.flatMap((clause): readonly string[] => {
    if (clause.kind === 'words') return [type]
    if (clause.kind === 'chain')
      return clause.targets.flatMap((target) => typesSought(target.type, [target.clause]))
    if (clause.kind === 'has') return typesSought(clause.type, [clause.clause])
    return 'clauses' in clause ? typesSought(type, clause.clauses) : []
  })

const wayOut =
  'The next change that is stored begins to look through them, or `POST $reindex`; its answer says how far it is.'

/**
 * Fails where words are sought, or what is inside of others, of a type some of whose resources a build has written
 * that indexed it otherwise: it may have left them out.
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
    `${what} older resources of type ${missing} are not in the index yet. ${wayOut}`,
    type,
  )
}
