import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { resourceTypes } from '../../src/fhir/types.ts'
import { door } from '../../src/handlers/door/door.ts'
import { handler } from '../../src/handlers/metadata.ts'
import { software } from '../../src/interactions/metadata/software.ts'
import { operations } from '../../src/operations/registry.ts'
import { validate } from '../../src/validate/validate.ts'
import { askDoor, eventOf } from '../handlers/caller.ts'

process.env.LOG_LEVEL = 'OFF'
const ask = (target: string) => askDoor(handler, eventOf('GET', target, { open: true }))

const statement = (await ask('/metadata')).json
const [rest] = statement.rest
const of = (type: string) => rest.resource.find((resource: { type: string }) => resource.type === type)

const definitionOf = (type: string, code: string): string[] =>
  operations
    .map(({ definition }) => definition)
    .filter((definition) => definition.code === code && definition.resource?.includes(type))
    .flatMap(({ parameter }) => parameter.map(({ name }) => name))

test('states every type with the interactions of the route table', () => {
  expect(rest.resource.map(({ type }: { type: string }) => type)).toEqual(resourceTypes)
  const codes = of('Patient').interaction.map(({ code }: { code: string }) => code)
  expect(codes).toEqual(
    expect.arrayContaining([
      'read',
      'vread',
      'update',
      'delete',
      'create',
      'search-type',
      'history-instance',
      'history-type',
    ]),
  )
  expect(new Set(codes).size).toBe(codes.length)
  expect(rest.interaction.map(({ code }: { code: string }) => code)).toEqual(
    expect.arrayContaining(['transaction', 'batch', 'history-system']),
  )
})

test('states search parameters with their definitions, and what can be included both ways', () => {
  expect(of('Patient').searchParam).toContainEqual({
    name: 'birthdate',
    type: 'date',
    definition: 'http://hl7.org/fhir/SearchParameter/individual-birthdate',
  })
  expect(of('Observation').searchInclude).toContain('Observation:subject')
  expect(of('Patient').searchRevInclude).toContain('Observation:subject')
  expect(of('Patient').searchRevInclude).not.toContain('Encounter:service-provider')
})

test('states whether references are kept whole, as the deployment says', async () => {
  const env = { LOG_LEVEL: 'OFF', REFERENCE_CHECKS: 'exist', DELETION_OF_REFERRED: 'refuse' }
  const store = {
    meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
    definitions: async () => ({ version: 0, text: '[]' }),
    announcement: async () => ({ version: 0, text: '{}' }),
  }
  const strict = door({ ...backing, openStore: () => store as never }, env)
  const { json } = await askDoor(strict, eventOf('GET', '/metadata', { open: true }))
  expect(json.rest[0].resource[0].referencePolicy).toContain('enforced')
  expect(of('Patient').referencePolicy).not.toContain('enforced')
})

test('states what it is', () => {
  expect(statement).toMatchObject({ fhirVersion: '4.0.1', kind: 'instance', status: 'active', software })
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(software.version).toBe(version)
  expect(of('Patient')).toMatchObject({
    versioning: 'versioned',
    updateCreate: true,
    conditionalCreate: true,
  })
})

test('is computed once in a process', async () => {
  expect((await ask('/metadata')).json.date).toBe(statement.date)
})

test('is cut as any resource is, and takes no parameter that it does not have', async () => {
  const cut = (await ask('/metadata?_elements=fhirVersion')).json
  expect(Object.keys(cut)).toEqual(expect.arrayContaining(['resourceType', 'fhirVersion', 'status', 'kind']))
  expect(cut.rest).toBeUndefined()
  expect((await ask('/metadata?colour=red')).status).toBe(400)
})

test('refuses a mode that it does not have', async () => {
  expect((await ask('/metadata?mode=all')).status).toBe(501)
  expect((await ask('/metadata?mode=normative')).status).toBe(200)
})

const unreachable = () => {
  throw new Error('not here')
}
const backing = { openStore: unreachable, archive: { bundle: unreachable } }

test('says where to sign in, from the environment', async () => {
  const pool = 'https://cognito-idp.eu-central-1.amazonaws.com/pool'
  const env = {
    LOG_LEVEL: 'OFF',
    TOKEN_ISSUER: pool,
    AUTHORIZATION_ENDPOINT: 'https://login.example.org/oauth2/authorize',
    TOKEN_ENDPOINT: 'https://login.example.org/oauth2/token',
  }
  const store = {
    meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
    definitions: async () => ({ version: 0, text: '[]' }),
    announcement: async () => ({ version: 0, text: '{}' }),
  }
  const handlerWithLogin = door({ ...backing, openStore: () => store as never }, env)
  const told = await askDoor(
    handlerWithLogin,
    eventOf('GET', '/.well-known/smart-configuration', { open: true }),
  )
  expect(told.headers['Content-Type']).toBe('application/json; charset=utf-8')
  expect(told.json).toMatchObject({
    issuer: pool,
    jwks_uri: `${pool}/.well-known/jwks.json`,
    token_endpoint: 'https://login.example.org/oauth2/token',
  })
})

test('claims no place to sign in where there is none', async () => {
  expect((await ask('/.well-known/smart-configuration')).status).toBe(404)
})

test('serves no data', async () => {
  const told = await askDoor(handler, eventOf('GET', '/Patient/1'))
  expect(told.status).toBe(404)
})

test('states R4’s own code systems and how value sets are expanded, as a valid resource', async () => {
  const { status, json } = await ask('/metadata?mode=terminology')
  expect(status).toBe(200)
  expect(validate(json, 'TerminologyCapabilities')).toEqual([])
  expect(json.codeSystem.length).toBeGreaterThan(1000)
  const served = definitionOf('ValueSet', 'expand')
  const names = json.expansion.parameter.map(({ name }: { name: string }) => name)
  expect(served).toEqual(expect.arrayContaining(names))
})

test('has an ETag, and is not sent again to who has it', async () => {
  const { headers } = await ask('/metadata')
  const asking = { open: true, headers: { 'If-None-Match': headers.ETag ?? '' } }
  const again = await askDoor(handler, eventOf('GET', '/metadata', asking))
  expect([again.status, again.text, again.headers.ETag]).toEqual([304, '', headers.ETag])
  expect((await ask('/metadata?_summary=true')).headers.ETag).not.toBe(headers.ETag)
})
