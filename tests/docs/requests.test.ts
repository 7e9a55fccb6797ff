import { afterAll, beforeAll, expect, test } from 'vitest'
import { match } from '../../src/http/match.ts'
import { allRoutes, type Route } from '../../src/http/routes.ts'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { requestFiles, requestsOf } from './requests.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ open: true, environments: 2 })
})
afterAll(() => stack?.stop())

/** Writes what a request's address leaves open: the base, and headers of earlier answers. */
const filled = (url: string, answers: ReadonlyMap<string, Response>): string =>
  url.replace(/{{(\w+)(?:\.response\.headers\.([\w-]+))?}}/g, (_, name: string, header?: string) =>
    header === undefined ? stack.url : (answers.get(name)?.headers.get(header) ?? ''),
  )

test.each(requestFiles())('every request of %s is answered as it says', async (file) => {
  const requests = requestsOf(file)
  expect(requests.length).toBeGreaterThan(0)
  const answers = new Map<string, Response>()
  for (const { title, name, expected, method, url, headers, body } of requests) {
    const sent = body.trim() === '' ? {} : { body }
    const response = await fetch(filled(url, answers), { method, headers, ...sent })
    if (name) answers.set(name, response)
    expect.soft(expected, `${title}: ${response.status} ${await response.text()}`).toContain(response.status)
  }
})

const pathOf = (url: string): string =>
  url
    .replace(/^{{base}}\/?/, '')
    .replace(/^{{.*}}$/, '_jobs/1')
    .split('?')[0] ?? ''

const nameOf = ({ method, pattern, operation }: Route): string =>
  operation ? `$${operation.name}` : `${method} ${pattern}`

test('there is a request for everything that is served', async () => {
  const routes = await allRoutes()
  const asked = requestFiles()
    .flatMap(requestsOf)
    .filter(({ method, expected }) => method !== 'OPTIONS' && expected.some((status) => status < 300))
    .map(({ method, url }) => match(method, pathOf(url), routes))
  const tried = new Set(asked.map(({ route }) => nameOf(route)))
  const missing = new Set(routes.map(nameOf).filter((name) => !tried.has(name)))
  expect([...missing]).toEqual([])
})
