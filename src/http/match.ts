import { idIssues } from '../fhir/ids.ts'
import { isResourceType } from '../fhir/types.ts'
import { Failure } from '../outcome/failure.ts'
import { methodNotAllowed, noSuchType, unknownPath } from '../outcome/messages.ts'
import { failOn } from '../outcome/outcome.ts'
import type { PathNames } from '../request/call.ts'
import type { Route } from './routes.ts'

/** A request's route, and the names in its path. */
export interface MatchedRoute {
  route: Route
  names: PathNames
}

/** A path that is served, but not with this method: 405, with the possible methods. */
export class NotAllowed extends Failure {
  readonly allowed: readonly string[]
  constructor(method: string, path: string, allowed: readonly string[]) {
    super([methodNotAllowed(method, path, allowed)])
    this.allowed = allowed
  }
}

const noNames: PathNames = { type: '', id: '', version: '', member: '', operation: '' }

/** Returns whether a part of a path is a word of FHIR rather than an id: `Patient/_search` is no read of `_search`. */
const isWord = (part: string): boolean => part.startsWith('_') || part.startsWith('$')

const namesOfPart = (pattern: string, part: string): Partial<PathNames> | undefined => {
  if (pattern === part) return {}
  const name = /^\[(\w+)\]$/.exec(pattern)?.[1]
  return name === undefined || isWord(part) || part === '' ? undefined : { [name]: part }
}

const namesIn = (pattern: string, parts: readonly string[]): PathNames | undefined => {
  const patterns = pattern.split('/')
  if (patterns.length !== parts.length) return undefined
  let names = noNames
  for (const [i, part] of parts.entries()) {
    const more = namesOfPart(patterns[i] ?? '', part)
    if (!more) return undefined
    names = { ...names, ...more }
  }
  return names
}

const isFor = ({ operation }: Route, type: string): boolean => operation?.types?.includes(type) ?? true

const matchesOf = (path: string, routes: readonly Route[]): MatchedRoute[] => {
  const parts = path.split('/')
  return routes.flatMap((route) => {
    const names = namesIn(route.pattern, parts)
    return names && isFor(route, names.type) ? [{ route, names }] : []
  })
}

/** Returns the best matches: patterns without names before patterns with names. */
const bestOf = (matches: readonly MatchedRoute[]): readonly MatchedRoute[] => {
  const exact = matches.filter(({ route }) => !route.pattern.includes('['))
  return exact.length > 0 ? exact : matches
}

/** Returns the methods that are possible at a path. */
export const methodsAt = (path: string, routes: readonly Route[]): string[] => {
  const methods = new Set(bestOf(matchesOf(path, routes)).map(({ route }) => route.method))
  return [
    ...(methods.has('GET') ? ['GET', 'HEAD'] : []),
    ...[...methods].filter((m) => m !== 'GET'),
    'OPTIONS',
  ]
}

const checkNames = ({ type, id, member }: PathNames): void => {
  if (member !== '' && member !== '*' && !isResourceType(member)) throw noSuchType(member)
  if (type !== '' && !isResourceType(type)) throw noSuchType(type)
  if (id !== '') failOn(idIssues(id))
}

/** Returns the paths at which an operation is served, for the message about a wrong path. */
const operationPlaces = (path: string, routes: readonly Route[]): string[] => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const places = routes
    .filter(({ operation }) => operation && `$${operation.name}` === name)
    .flatMap(({ operation, pattern }) =>
      (operation?.types ?? ['[type]']).map((type) => pattern.replace('[type]', type)),
    )
  return [...new Set(places)]
}

/**
 * Returns the route for a method and a path; HEAD uses the route of GET. Fails for an unknown path, an unknown type or a
 * malformed id, and with `NotAllowed` for a method without a route.
 */
export const match = (method: string, path: string, routes: readonly Route[]): MatchedRoute => {
  const matches = bestOf(matchesOf(path, routes))
  const [any] = matches
  if (!any) throw unknownPath(method, path, operationPlaces(path, routes))
  checkNames(any.names)
  const wanted = method === 'HEAD' ? 'GET' : method
  const found = matches.find(({ route }) => route.method === wanted)
  if (!found) throw new NotAllowed(method, path, methodsAt(path, routes))
  return found
}
