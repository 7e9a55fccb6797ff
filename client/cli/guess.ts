import leven from 'leven'

/** A typing mistake changes at most so many letters. */
const mostChanges = 3

/** Returns the known name that a mistyped one was probably meant as: one that it begins, or one that is nearly the same. */
export const guessOf = (typed: string, names: readonly string[]): string | undefined => {
  const word = typed.toLowerCase()
  const begun = names.find((name) => word.length > 1 && name.startsWith(word))
  if (begun) return begun
  const [nearest] = names
    .map((name) => ({ name, changes: leven(word, name) }))
    .sort((a, b) => a.changes - b.changes)
  const bound = Math.min(mostChanges, Math.floor(word.length / 2))
  return nearest && nearest.changes <= bound ? nearest.name : undefined
}
