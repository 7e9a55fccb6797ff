import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the script that npm runs after an installation starts a file that exists', () => {
  const script = readFileSync(`${root}/build/prepare.js`, 'utf8')
  const paths = [...script.matchAll(/join\(root, 'src', ((?:'[\w.-]+'(?:, )?)+)\)/g)].map(
    ([, parts = '']) => `src/${parts.replaceAll(/'/g, '').split(', ').join('/')}`,
  )
  expect(paths).toHaveLength(1)
  for (const path of paths) expect(existsSync(`${root}/${path}`), path).toBe(true)
})
