import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { projectRoot } from '../../src/local/template.ts'

const directory = `${projectRoot}docs/requests`

interface Asked {
  title: string
  expected: number
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

const requestOf = (part: string): Asked => {
  const [title = '', answers = '', line = '', ...rest] = part.split('\n')
  const [method = '', url = ''] = line.split(' ')
  const blank = rest.indexOf('')
  const headers = rest.slice(0, blank).map((header) => header.split(/: (.*)/s).slice(0, 2))
  const expected = Number(/^# answers (\d{3})$/.exec(answers)?.[1])
  return {
    title,
    expected,
    method,
    url,
    headers: Object.fromEntries(headers),
    body: rest.slice(blank).join('\n'),
  }
}

const requestsOf = (file: string): Asked[] =>
  readFileSync(file, 'utf8')
    .split(/^### ?/m)
    .slice(1)
    .map(requestOf)

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ open: true, environments: 2 })
})
afterAll(() => stack?.stop())

test.each(readdirSync(directory))('every request of %s is answered as it says', async (file) => {
  const requests = requestsOf(`${directory}/${file}`)
  expect(requests.length).toBeGreaterThan(0)
  for (const { title, expected, method, url, headers, body } of requests) {
    const sent = body.trim() === '' ? {} : { body }
    const response = await fetch(url.replace('{{base}}', stack.url), { method, headers, ...sent })
    expect(response.status, `${title}: ${await response.text()}`).toBe(expected)
  }
})
