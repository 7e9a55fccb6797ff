import { proxyEvent } from '../src/local/gateway/event.ts'
import { matchRoute } from '../src/local/gateway/routing.ts'
import { openClaims } from '../src/local/gateway/token.ts'
import type { LambdaFunction, Template } from '../src/local/template/template.ts'
import type { Ask } from './client.ts'
import type { First, Start } from './cold.ts'
import { get, observationText, type Subjects, vitals } from './requests.ts'

/** Returns the event that the gateway would make of a request. */
const eventOf = ({ routes, stage, binaryTypes }: Template, { method, path, body = '' }: Ask): object => {
  const [bare = ''] = path.split('?')
  const match = matchRoute(routes, method, bare)
  if (!match) throw new Error(`The template has no route for ${path}.`)
  const wire = {
    method,
    target: path,
    rawHeaders: ['Host', 'localhost', 'Content-Type', 'application/fhir+json'],
    body: Buffer.from(body),
    sourceIp: '127.0.0.1',
    port: 80,
  }
  return proxyEvent(wire, { stage, binaryTypes, match, claims: openClaims })
}

/** Returns what each function is first asked when it is started cold, each with the bare function that it is compared with. */
export const coldStarts = (
  template: Template,
  { patients, observations, encounters }: Subjects,
  variables: First['variables'],
): Start[] => {
  const [patient = ''] = patients
  const [observation = ''] = observations
  const [encounter = ''] = encounters
  const functionOf = ({ method, path }: Ask): LambdaFunction => {
    const id = matchRoute(template.routes, method, path.split('?')[0] ?? '')?.route.function
    return template.functions.find((fn) => fn.id === id) as LambdaFunction
  }
  const firstOf = (ask: Ask): First => ({ ...functionOf(ask), event: eventOf(template, ask), variables })
  const start = (name: string, ask: Ask, bare: string): Start => ({
    name,
    ours: firstOf(ask),
    bare: { ...firstOf(get(bare)), exportName: 'streaming' },
  })
  const [readItem, queryItems] = [`/Floor/read/Observation/${observation}`, `/Floor/vitals/${patient}`]
  const create = { method: 'POST', path: '/Observation', body: observationText(patient, 0) }
  return [
    start('metadata', get('/metadata'), readItem),
    start('Patient, a read', get(`/Patient/${patient}`), readItem),
    start('Observation, a read', get(`/Observation/${observation}`), readItem),
    start('other types, a read', get(`/Encounter/${encounter}`), readItem),
    start('Observation, first a search', get(`/${vitals(patient)}`), queryItems),
    start('Observation, first a create', create, readItem),
  ]
}
