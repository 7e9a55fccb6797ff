/** https://hl7.org/fhir/R4/http.html#summary — everything that is served, one row each. */

import type { Action } from '../auth/rules/groups.ts'
import { bundle } from '../interactions/bundle.ts'
import type { Interaction, RouteFacts } from '../interactions/call.ts'
import { capabilities } from '../interactions/capabilities.ts'
import { create } from '../interactions/create.ts'
import { remove } from '../interactions/delete.ts'
import { history } from '../interactions/history.ts'
import { patch } from '../interactions/patch.ts'
import { read } from '../interactions/read.ts'
import { search } from '../interactions/search.ts'
import { smartConfiguration } from '../interactions/smart-configuration.ts'
import { update } from '../interactions/update.ts'
import { vread } from '../interactions/vread.ts'
import { operations } from '../operations/list.ts'
import type { Operation, OperationDefinition } from '../operations/operation.ts'
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

const patternsOf = ({ type, instance, code }: OperationDefinition): string[] => [
  ...(type ? [`[type]/$${code}`] : []),
  ...(instance ? [`[type]/[id]/$${code}`] : []),
]

const operationRows = ({ definition, methods, action, run }: Operation): Route[] =>
  patternsOf(definition).flatMap((pattern) =>
    methods.map((method) => ({
      ...row(method, pattern, '', run, method === 'GET' ? 'nothing' : 'resource'),
      action,
      operation: {
        name: definition.code,
        definition: definition.url,
        ...(definition.resource && { types: definition.resource }),
      },
    })),
  )

export const routes: readonly Route[] = [
  ...operations.flatMap(operationRows),
  open('metadata', '', capabilities),
  open('.well-known/smart-configuration', '', smartConfiguration),
  send('POST', '', 'transaction batch', 'bundle', bundle),
  get('_history', 'history-system', 'history', history),
  get('[type]', 'search-type', 'search', search),
  form('[type]/_search', 'search', search),
  send('POST', '[type]', 'create', 'create', create),
  send('PUT', '[type]', '', 'update', update),
  send('PATCH', '[type]', '', 'patch', patch),
  send('DELETE', '[type]', '', 'delete', remove),
  get('[type]/_history', 'history-type', 'history', history),
  get('[type]/[id]', 'read', 'read', read),
  send('PUT', '[type]/[id]', 'update', 'update', update),
  send('PATCH', '[type]/[id]', 'patch', 'patch', patch),
  send('DELETE', '[type]/[id]', 'delete', 'delete', remove),
  get('[type]/[id]/_history', 'history-instance', 'history', history),
  get('[type]/[id]/_history/[version]', 'vread', 'read', vread),
]
