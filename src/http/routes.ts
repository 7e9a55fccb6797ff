/** All served interactions, a row for each: https://hl7.org/fhir/R4/http.html#summary */

import type { Action } from '../auth/rules/groups.ts'
import { read } from '../interactions/read.ts'
import { vread } from '../interactions/vread.ts'
import type { Operation, OperationDefinition } from '../operations/support/operation.ts'
import type { Interaction, RouteFacts } from '../request/call.ts'
import type { Takes } from './negotiate.ts'

/** A row of the table: method and path, names in the CapabilityStatement, the necessary right, and the interaction. */
export interface Route extends RouteFacts {
  /** The action that the principal must be permitted; absent for a route without login. */
  action?: Action
  takes: Takes
  run: Interaction
}

const bodies: Readonly<Record<string, Takes>> = { DELETE: 'nothing', PATCH: 'patch' }

const routeLevel = (pattern: string): RouteFacts['level'] => {
  if (pattern.startsWith('[type]/[id]')) return 'instance'
  return pattern.startsWith('[type]') ? 'type' : 'system'
}

const row = (method: string, pattern: string, code: string, run: Interaction, takes: Takes): Route => ({
  method,
  pattern,
  code,
  run,
  takes,
  level: routeLevel(pattern),
})

const openRoute = (pattern: string, code: string, run: Interaction): Route =>
  row('GET', pattern, code, run, 'nothing')

const getRoute = (pattern: string, code: string, action: Action, run: Interaction): Route => ({
  ...row('GET', pattern, code, run, 'nothing'),
  action,
})

const sendRoute = (
  method: string,
  pattern: string,
  code: string,
  action: Action,
  run: Interaction,
): Route => ({
  ...row(method, pattern, code, run, bodies[method] ?? 'resource'),
  action,
})

const formRoute = (pattern: string, action: Action, run: Interaction): Route => ({
  ...row('POST', pattern, '', run, 'form'),
  action,
})

const patternsOf = ({ system, type, instance, version, code }: OperationDefinition): string[] => [
  ...(system ? [`$${code}`] : []),
  ...(type ? [`[type]/$${code}`] : []),
  ...(instance ? [`[type]/[id]/$${code}`] : []),
  ...(version ? [`[type]/[id]/_history/[version]/$${code}`] : []),
]

const operationRows = ({ definition, methods, action, run }: Operation): Route[] =>
  patternsOf(definition).flatMap((pattern) =>
    methods.map((method) => ({
      ...row(method, pattern, '', run, method === 'GET' ? 'nothing' : 'parameters'),
      action,
      operation: {
        name: definition.code,
        definition: definition.url,
        changes: definition.affectsState,
        ...(definition.resource && { types: definition.resource }),
      },
    })),
  )

/** Returns an interaction that is loaded at its first call, so that a cold start compiles only the code of its request. */
const lazy =
  <Name extends string>(name: Name, load: () => Promise<Record<Name, Interaction>>): Interaction =>
  async (call, dispatch) =>
    (await load())[name](call, dispatch)

const loadChanges = () => import('../interactions/changes.ts')

const lazyBundle = lazy('bundle', loadChanges)
const lazyCapabilities = lazy('capabilities', () => import('../interactions/metadata/capabilities.ts'))
const lazyCreate = lazy('create', loadChanges)
const lazyDelete = lazy('deleteInteraction', loadChanges)
const lazyJobStatus = lazy('jobStatus', () => import('../jobs/status.ts'))
const lazyForgetJob = lazy('forgetJob', () => import('../jobs/status.ts'))
const lazyDefinition = lazy('definition', () => import('../operations/support/definition.ts'))
const lazyHistory = lazy('history', () => import('../interactions/history.ts'))
const lazyPatch = lazy('patch', loadChanges)
const lazySearch = lazy('searchInteraction', () => import('../interactions/search.ts'))
const lazySmartConfiguration = lazy(
  'smartConfiguration',
  () => import('../interactions/metadata/smart-configuration.ts'),
)
const lazyUpdate = lazy('update', loadChanges)

/** All routes except the operations' routes. */
export const routes: readonly Route[] = [
  openRoute('metadata', '', lazyCapabilities),
  openRoute('_jobs/[id]', '', lazyJobStatus),
  { ...openRoute('_jobs/[id]', '', lazyForgetJob), method: 'DELETE' },
  openRoute('.well-known/smart-configuration', '', lazySmartConfiguration),
  sendRoute('POST', '', 'transaction batch', 'bundle', lazyBundle),
  getRoute('', 'search-system', 'search', lazySearch),
  formRoute('_search', 'search', lazySearch),
  getRoute('_history', 'history-system', 'history', lazyHistory),
  getRoute('[type]', 'search-type', 'search', lazySearch),
  formRoute('[type]/_search', 'search', lazySearch),
  sendRoute('POST', '[type]', 'create', 'create', lazyCreate),
  sendRoute('PUT', '[type]', '', 'update', lazyUpdate),
  sendRoute('PATCH', '[type]', '', 'patch', lazyPatch),
  sendRoute('DELETE', '[type]', '', 'delete', lazyDelete),
  getRoute('[type]/_history', 'history-type', 'history', lazyHistory),
  getRoute('OperationDefinition/[id]', '', 'read', lazyDefinition),
  getRoute('[type]/[id]', 'read', 'read', read),
  sendRoute('PUT', '[type]/[id]', 'update', 'update', lazyUpdate),
  sendRoute('PATCH', '[type]/[id]', 'patch', 'patch', lazyPatch),
  sendRoute('DELETE', '[type]/[id]', 'delete', 'delete', lazyDelete),
  getRoute('[type]/[id]/_history', 'history-instance', 'history', lazyHistory),
  getRoute('[type]/[id]/[member]', '', 'search', lazySearch),
  formRoute('[type]/[id]/[member]/_search', 'search', lazySearch),
  getRoute('[type]/[id]/_history/[version]', 'vread', 'read', vread),
]

/** Returns all routes. */
export const allRoutes = async (): Promise<readonly Route[]> => {
  const { operations } = await import('../operations/registry.ts')
  return [...operations.flatMap(operationRows), ...routes]
}

/** Returns the routes that may match a path; the operations' routes are loaded only for a path with `$`. */
export const routesAt = async (path: string): Promise<readonly Route[]> =>
  path.includes('$') ? allRoutes() : routes
