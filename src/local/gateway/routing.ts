// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
import type { Route } from '../template/template.ts'

export interface RouteMatch {
  route: Route
  /** Decoded, by the names in the route's path. */
  pathParameters: Readonly<Record<string, string>> | null
}

/** Returns the route that API Gateway would take: literal segments win over variables, the longer greedy path over the shorter, a method of its own over ANY. */
export const matchRoute = (
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch | undefined => {
  const segments = segmentsOf(path)
  const matches = routes
    .filter((route) => route.method === 'ANY' || route.method === method)
    .flatMap((route) => matchOne(route, segments))
  return matches.toSorted((a, b) => rank(b.route) - rank(a.route))[0]
}

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '')

const matchOne = (route: Route, segments: readonly string[]): RouteMatch[] => {
  const pattern = segmentsOf(route.path)
  const greedy = pattern.at(-1)?.endsWith('+}') ?? false
  const fits = greedy ? segments.length >= pattern.length : segments.length === pattern.length
  const literal = (segment: string, index: number): boolean =>
    segment.startsWith('{') || segment === segments[index]
  if (!fits || !pattern.every(literal)) return []
  const parameters = pattern.flatMap((segment, index) => pathParameter(segment, index, segments))
  return [{ route, pathParameters: parameters.length === 0 ? null : Object.fromEntries(parameters) }]
}

const pathParameter = (segment: string, index: number, segments: readonly string[]): [string, string][] => {
  if (segment.endsWith('+}')) return [[segment.slice(1, -2), decodedSegment(segments.slice(index).join('/'))]]
  return segment.startsWith('{') ? [[segment.slice(1, -1), decodedSegment(segments[index] ?? '')]] : []
}

const decodedSegment = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const rank = (route: Route): number => {
  const pattern = segmentsOf(route.path)
  return (
    pattern.filter((segment) => !segment.startsWith('{')).length * 4 +
    (route.path.endsWith('+}') ? 0 : 2) +
    (route.method === 'ANY' ? 0 : 1)
  )
}
