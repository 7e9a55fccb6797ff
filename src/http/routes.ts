/** https://hl7.org/fhir/R4/http.html#summary — everything that is served, one row each. */

import type { Action } from '../auth/rules/groups.ts'
import { read } from '../interactions/read.ts'
import { vread } from '../interactions/vread.ts'
import type { Operation, OperationDefinition } from '../operations/support/operation.ts'
import type { Interaction, RouteFacts } from '../request/call.ts'
import type { Takes } from './negotiate.ts'

/** One row: where it is served, what it is called, what right it needs, and what runs. */
export interface Route extends RouteFacts {
  /** What the principal must be permitted; absent where nobody needs to be logged in. */
  action?: Action
  takes: Takes
  run: Interaction
}

const bodies: Readonly<Record<string, Takes>> = { DELETE: 'nothing', PATCH: 'patch' }

const levelOf = (pattern: string): RouteFacts['level'] => {
  if (pattern.startsWith('[type]/[id]')) return 'instance'
  return pattern.startsWith('[type]') ? 'type' : 'system'
}

const row = (method: string, pattern: string, code: string, run: Interaction, takes: Takes): Route => ({
  method,
  pattern,
  code,
  run,
  takes,
  level: levelOf(pattern),
})

const open = (pattern: string, code: string, run: Interaction): Route =>
  row('GET', pattern, code, run, 'nothing')

const get = (pattern: string, code: string, action: Action, run: Interaction): Route => ({
  ...row('GET', pattern, code, run, 'nothing'),
  action,
})

const send = (method: string, pattern: string, code: string, action: Action, run: Interaction): Route => ({
  ...row(method, pattern, code, run, bodies[method] ?? 'resource'),
  action,
})

const form = (pattern: string, action: Action, run: Interaction): Route => ({
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

/** Returns an interaction that is loaded when it is first asked for, so that a cold start compiles only what its request needs. */
const lazy =
  <Name extends string>(name: Name, load: () => Promise<Record<Name, Interaction>>): Interaction =>
  async (call, dispatch) =>
    (await load())[name](call, dispatch)

const changes = () => import('../interactions/changes.ts')

const bundle = lazy('bundle', changes)
const capabilities = lazy('capabilities', () => import('../interactions/metadata/capabilities.ts'))
const create = lazy('create', changes)
const remove = lazy('remove', changes)
const jobStatus = lazy('jobStatus', () => import('../jobs/status.ts'))
const forgetJob = lazy('forgetJob', () => import('../jobs/status.ts'))
const definition = lazy('definition', () => import('../operations/support/definition.ts'))
const history = lazy('history', () => import('../interactions/history.ts'))
const patch = lazy('patch', changes)
const search = lazy('search', () => import('../interactions/search.ts'))
const smartConfiguration = lazy(
  'smartConfiguration',
  () => import('../interactions/metadata/smart-configuration.ts'),
)
const update = lazy('update', changes)

/** Everything that is served but the operations. */
export const routes: readonly Route[] = [
  open('metadata', '', capabilities),
  open('_jobs/[id]', '', jobStatus),
  { ...open('_jobs/[id]', '', forgetJob), method: 'DELETE' },
  open('.well-known/smart-configuration', '', smartConfiguration),
  send('POST', '', 'transaction batch', 'bundle', bundle),
  get('', 'search-system', 'search', search),
  form('_search', 'search', search),
  get('_history', 'history-system', 'history', history),
  get('[type]', 'search-type', 'search', search),
  form('[type]/_search', 'search', search),
  send('POST', '[type]', 'create', 'create', create),
  send('PUT', '[type]', '', 'update', update),
  send('PATCH', '[type]', '', 'patch', patch),
  send('DELETE', '[type]', '', 'delete', remove),
  get('[type]/_history', 'history-type', 'history', history),
  get('OperationDefinition/[id]', '', 'read', definition),
  get('[type]/[id]', 'read', 'read', read),
  send('PUT', '[type]/[id]', 'update', 'update', update),
  send('PATCH', '[type]/[id]', 'patch', 'patch', patch),
  send('DELETE', '[type]/[id]', 'delete', 'delete', remove),
  get('[type]/[id]/_history', 'history-instance', 'history', history),
  get('[type]/[id]/[member]', '', 'search', search),
  form('[type]/[id]/[member]/_search', 'search', search),
  get('[type]/[id]/_history/[version]', 'vread', 'read', vread),
]

/** Returns every row there is. */
export const allRoutes = async (): Promise<readonly Route[]> => {
  const { operations } = await import('../operations/registry.ts')
  return [...operations.flatMap(operationRows), ...routes]
}

/** Returns the rows among which the one for a path is; operations are looked through only where it names one. */
export const routesAt = async (path: string): Promise<readonly Route[]> =>
  path.includes('$') ? allRoutes() : routes
