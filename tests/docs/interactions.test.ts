import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { routes } from '../../src/http/routes.ts'
import { projectRoot } from '../../src/local/template/template.ts'

const page = readFileSync(`${projectRoot}docs/interactions.md`, 'utf8')
const sections = new Map(page.split(/^## /m).map((text) => [text.split('\n')[0], text]))

const codes = new Set(
  routes.flatMap(({ code }) => code.split(' ')).map((code) => code.replace(/-(instance|type|system)$/, '')),
)

test.each([...codes].filter((code) => code !== ''))('%s has a section with requests that run', (code) => {
  expect(sections.get(code)).toMatch(/\(requests\/[\w-]+\.http\)/)
})
