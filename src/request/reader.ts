import { distinctResources, referenceTo } from '../fhir/references.ts'
import type { HistoryPage, HistoryScope, ResourceKey, Version } from '../store/port.ts'
import {
  hideAmong,
  type Reader,
  type ReadingStore,
  type ReadRule,
  type Restriction,
} from '../store/reader.ts'

/** Returns the versions that are visible and belong to a resource whose current version is visible. */
const visibleHistory = async (versions: readonly Version[], restriction: Restriction): Promise<Version[]> => {
  const keys = distinctResources(versions)
  const current = keys.length > 0 ? await restriction.stored.get(keys) : []
  const shown = await hideAmong([...versions, ...current], restriction)
  const names = new Set(
    shown.slice(versions.length).flatMap((version) => (version ? referenceTo(version) : [])),
  )
  return versions.filter((version, at) => shown[at] !== undefined && names.has(referenceTo(version)))
}

/** The maximum of versions read for a page of history; a page that would need more is short, with a link to the next. */
const maxVersionsPerPage = 2000

const visibleHistoryPage = async (scope: HistoryScope, restriction: Restriction): Promise<HistoryPage> => {
  const found: Version[] = []
  let { after } = scope
  for (let read = 0; read < maxVersionsPerPage; ) {
    const limit = scope.limit - found.length
    const page = await restriction.stored.history({ ...scope, limit, ...(after !== undefined && { after }) })
    found.push(...(await visibleHistory(page.versions, restriction)))
    after = page.after
    read += limit
    const isHidden = scope.id !== undefined && found.length === 0
    if (after === undefined || isHidden) return { versions: found }
    if (found.length >= scope.limit) break
  }
  return { versions: found, ...(after !== undefined && { after }) }
}

const visibleVersion = async (key: ResourceKey, v: number, restriction: Restriction) => {
  const { stored } = restriction
  const [version, [current]] = await Promise.all([stored.version(key, v), stored.get([key])])
  const [visible, isVisibleNow] = await hideAmong([version, current], restriction)
  return isVisibleNow ? visible : undefined
}

/**
 * Returns the reader of a store under rules; without rules the store itself, so that an unrestricted reader costs
 * nothing.
 */
export const readerUnder = (stored: ReadingStore, rules: readonly ReadRule[]): Reader => {
  if (rules.length === 0) return stored
  const restriction = { rules, stored }
  return {
    ...stored,
    restriction,
    get: async (keys) => hideAmong(await stored.get(keys), restriction),
    version: (key, v) => visibleVersion(key, v, restriction),
    exactly: async (keys) => hideAmong(await stored.exactly(keys), restriction),
    below: async (keys, limit) => {
      const pasts = await stored.below(keys, limit)
      return Promise.all(pasts.map((versions) => visibleHistory(versions, restriction)))
    },
    history: (scope) => visibleHistoryPage(scope, restriction),
  }
}
