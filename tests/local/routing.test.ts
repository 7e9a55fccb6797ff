import { describe, expect, test } from 'vitest'
import { matchRoute } from '../../src/local/gateway/routing.ts'
import { readTemplate } from '../../src/local/template/template.ts'

const { routes } = readTemplate()
const functionOf = (method: string, path: string): string | undefined =>
  matchRoute(routes, method, path)?.route.function

describe('the gateway routes', () => {
  test.each([
    ['GET', '/metadata', 'MetadataFunction'],
    ['GET', '/.well-known/smart-configuration', 'MetadataFunction'],
    ['POST', '/', 'BundleFunction'],
    ['GET', '/Patient', 'PatientFunction'],
    ['GET', '/Patient/', 'PatientFunction'],
    ['GET', '/Patient/1/$everything', 'PatientFunction'],
    ['POST', '/Observation/_search', 'ObservationFunction'],
    ['DELETE', '/Condition/1', 'ResourceFunction'],
    ['GET', '/PatientX', 'ResourceFunction'],
  ])('%s %s to %s', (method, path, expected) => {
    expect(functionOf(method, path)).toBe(expected)
  })

  test('with the rest of the path, decoded', () => {
    expect(matchRoute(routes, 'GET', '/Patient/a%20b/_history')?.pathParameters).toEqual({
      proxy: 'a b/_history',
    })
  })

  test('to the literal path before the greedy one, whatever their order', () => {
    expect(matchRoute(routes.toReversed(), 'GET', '/metadata')?.route.path).toBe('/metadata')
  })
})
