/**
 * The part of the store that a principal reads through. Interactions, operations, terminology and search take a `Reader`;
 * only `write/` and the maintenance of the index take the store.
 */

import type { ResourceKey, Store, Version } from './port.ts'

/** The methods of the store that read resources and the index. */
export type ReadingStore = Pick<
  Store,
  | 'meter'
  | 'knownDefinitions'
  | 'definitions'
  | 'announcement'
  | 'builds'
  | 'progress'
  | 'get'
  | 'version'
  | 'exactly'
  | 'below'
  | 'reading'
  | 'page'
  | 'labels'
  | 'history'
>

/** Returns the current version for each key, hidden ones included; a rule reads through it. */
export type ReadCurrent = (keys: readonly ResourceKey[]) => Promise<readonly (Version | undefined)[]>

/** A rule for the resources that a principal may see. */
export interface ReadRule {
  /**
   * Returns search parameters that every visible resource of the type matches. They keep a search from reading hidden
   * candidates; whether a resource is visible is for `judge` alone.
   */
  narrow(type: string): readonly (readonly [name: string, value: string])[]
  /** Returns, for each version, whether it is visible. No version is a deletion. */
  judge(versions: readonly Version[], get: ReadCurrent): Promise<readonly boolean[]>
}

/** The rules of a reader, and the store's own methods, which do not apply them. */
export interface Restriction {
  readonly rules: readonly ReadRule[]
  readonly stored: ReadingStore
}

/**
 * Resources and index as a principal may see them: `get`, `version` and `history` leave out hidden versions. `page` returns
 * index entries of hidden resources too, so its candidates must be read by `get`. A staged reading reads by `stored` and
 * hides afterwards, because a hidden version is not one that has changed. Without rules there is no restriction.
 */
export interface Reader extends ReadingStore {
  readonly restriction?: Restriction
}

const isVisibleByAll = (verdicts: readonly (readonly boolean[])[], at: number): boolean =>
  verdicts.every((each) => each[at] === true)

/** Returns the versions that all rules let be seen. A deletion is judged by the version before it, and hidden without one. */
export const visibleAmong = async (
  versions: readonly Version[],
  { rules, stored }: Restriction,
  get: ReadCurrent = (keys) => stored.get(keys),
): Promise<ReadonlySet<Version>> => {
  const distinct = [...new Set(versions)]
  const deletions = distinct.filter(({ deleted }) => deleted)
  const before = deletions.length > 0 ? await stored.below(deletions, 1) : []
  const lastTexts = new Map(deletions.map((version, at) => [version, before[at]?.[0]]))
  const checked = distinct.flatMap((version) => {
    const text = version.deleted ? lastTexts.get(version) : version
    return text && !text.deleted ? [{ version, text }] : []
  })
  if (checked.length === 0) return new Set()
  const texts = checked.map(({ text }) => text)
  const verdicts = await Promise.all(rules.map((rule) => rule.judge(texts, get)))
  return new Set(checked.filter((_, at) => isVisibleByAll(verdicts, at)).map(({ version }) => version))
}

/** Returns the versions in their order, with undefined in place of each that a restriction hides. */
export const hideAmong = async (
  versions: readonly (Version | undefined)[],
  restriction: Restriction | undefined,
  get?: ReadCurrent,
): Promise<(Version | undefined)[]> => {
  if (!restriction) return [...versions]
  const visible = await visibleAmong(
    versions.filter((version) => version !== undefined),
    restriction,
    get,
  )
  return versions.map((version) => (version && visible.has(version) ? version : undefined))
}
