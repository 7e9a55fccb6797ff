import { proxyEvent } from '../src/local/event.ts'
import { matchRoute } from '../src/local/routing.ts'
import type { LambdaFunction, Template } from '../src/local/template.ts'
import { openClaims } from '../src/local/token.ts'
import type { Start } from './cold.ts'
import type { Subjects } from './requests.ts'

/** Returns the event that the gateway would make of a GET request. */
const eventOf = ({ routes, stage, binaryTypes }: Template, path: string): object => {
  const match = matchRoute(routes, 'GET', path)
  if (!match) throw new Error(`The template has no route for ${path}.`)
  const wire = {
    method: 'GET',
    target: path,
    rawHeaders: ['Host', 'localhost'],
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    port: 80,
  }
  return proxyEvent(wire, { stage, binaryTypes, match, claims: openClaims })
}

const startOf = (template: Template, name: string, path: string, variables: Start['variables']): Start => {
  const id = matchRoute(template.routes, 'GET', path)?.route.function
  const { bundle, exportName } = template.functions.find((fn) => fn.id === id) as LambdaFunction
  return { name, bundle, exportName, event: eventOf(template, path), variables }
}

/** Returns what each function is first asked when it is started cold, and the bare start that they are compared with. */
export const coldStarts = (
  template: Template,
  { patients, observations }: Subjects,
  variables: Start['variables'],
): [starts: Start[], bare: Start] => {
  const [patient, observation] = [patients[0] ?? '', observations[0] ?? '']
  const start = (name: string, path: string): Start => startOf(template, name, path, variables)
  return [
    [
      start('metadata', '/metadata'),
      start('Patient, a read', `/Patient/${patient}`),
      start('Observation, a read', `/Observation/${observation}`),
      start('other types, a search', `/Encounter`),
    ],
    start('bare', `/Floor/read/Observation/${observation}`),
  ]
}
