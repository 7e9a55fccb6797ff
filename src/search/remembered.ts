import { failure } from '../outcome/failure.ts'
import type { Store } from '../store/port.ts'
import type { Clause, Query } from './query.ts'

/** The types whose words are sought: a chain may end in words of another type. */
const typesSought = (type: string, clauses: readonly Clause[]): readonly string[] =>
  clauses.flatMap((clause): readonly string[] => {
    if (clause.kind === 'words') return [type]
    if (clause.kind === 'chain')
      return clause.targets.flatMap((target) => typesSought(target.type, [target.clause]))
    if (clause.kind === 'has') return typesSought(clause.type, [clause.clause])
    return 'clauses' in clause ? typesSought(type, clause.clauses) : []
  })

/** Fails where words are sought of a type some of whose resources a build has written that indexed it otherwise: it may have left them out. */
export const checkWords = async (store: Store, { type, clauses }: Query): Promise<void> => {
  const types = typesSought(type, clauses)
  if (types.length === 0) return
  const { changedSince } = await import('./build.ts')
  const changed = new Set((await store.builds()).flatMap(changedSince))
  const missing = types.find((each) => changed.has(each))
  if (missing === undefined) return
  throw failure(
    'unsupported',
    `The words of older resources of type ${missing} are not in the index yet. The next change that is stored begins to look through them, or \`POST $reindex\`; its answer says how far it is.`,
    type,
  )
}
