import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../src/local/template/template.ts'

const pages = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: projectRoot })]

const linksOf = (page: string): string[] =>
  [...readFileSync(projectRoot + page, 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))

test.each(pages)('%s links to nothing that is not there', (page) => {
  const broken = linksOf(page).filter((target) => !existsSync(join(projectRoot, dirname(page), target)))
  expect(broken).toEqual([])
})
