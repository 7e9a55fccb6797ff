import { expect, test } from 'vitest'
import { match, methodsAt } from '../../src/http/match.ts'
import { allRoutes, routes } from '../../src/http/routes.ts'

test.each([
  ['GET', 'metadata', 'metadata', {}],
  ['POST', '', '', {}],
  ['GET', 'Patient', '[type]', { type: 'Patient' }],
  ['POST', 'Patient/_search', '[type]/_search', { type: 'Patient' }],
  ['HEAD', 'Patient/1', '[type]/[id]', { type: 'Patient', id: '1' }],
  ['GET', 'Patient/_history', '[type]/_history', { type: 'Patient' }],
  [
    'GET',
    'Patient/1/_history/2',
    '[type]/[id]/_history/[version]',
    { type: 'Patient', id: '1', version: '2' },
  ],
  ['GET', '_history', '_history', {}],
])('leads %s /%s to %s', (method, path, pattern, names) => {
  const matched = match(method, path, routes)
  expect(matched.route.pattern).toBe(pattern)
  expect(matched.names).toMatchObject(names)
})

test('has no two rows for the same method and pattern', () => {
  const names = routes.map(({ method, pattern }) => `${method} ${pattern}`)
  expect(new Set(names).size).toBe(names.length)
})

test.each([
  ['GET', 'Patients/1', 'unknown-type'],
  ['GET', 'Patient/a_b', 'invalid'],
  ['GET', `Patient/${'x'.repeat(65)}`, 'invalid'],
  ['GET', 'Patient/1/2/3/4', 'not-found'],
  ['POST', 'Patient/1', 'method-not-allowed'],
  ['DELETE', 'metadata', 'method-not-allowed'],
])('refuses %s /%s', (method, path, kind) => {
  expect(() => match(method, path, routes)).toThrow(
    expect.objectContaining({ issues: [expect.objectContaining({ kind })] }),
  )
})

test.each([
  ['Patient/1/_history/2/$meta-add', 'That operation is at `/[type]/[id]/$meta-add`.'],
  ['Patient/$lastn', 'That operation is at `/Observation/$lastn`.'],
  ['Patient/$nonsense', '`/metadata` lists the interactions.'],
])('says of %s where to go', async (path, way) => {
  const all = await allRoutes()
  expect(() => match('POST', path, all)).toThrow(way)
})

test('lists what is possible at a path', () => {
  expect(methodsAt('Patient/1', routes)).toEqual(
    expect.arrayContaining(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']),
  )
  expect(methodsAt('metadata', routes)).toEqual(['GET', 'HEAD', 'OPTIONS'])
})
