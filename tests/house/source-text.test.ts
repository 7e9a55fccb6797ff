import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, sourceFiles, trackedFiles } from './sources.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const code = sourceFiles('src/**/*.ts', 'client/cli/**/*.ts', 'build/*')
const having = (paths: readonly string[], pattern: RegExp): string[] =>
  paths.filter((path) => pattern.test(read(path)))

describe('source text', () => {
  test('has no any', () => {
    expect(having(code, /:\s*any\b|\bas any\b|<any>|any\[\]/)).toEqual([])
  })

  test('has no enum, namespace or default export', () => {
    expect(
      having(
        sourceFiles('src/**/*.ts'),
        /^\s*(export )?(const )?enum |^\s*(export )?namespace |^export default/m,
      ),
    ).toEqual([])
  })

  test('leaves nothing to do later', () => {
    expect(having(code, /\b(TODO|FIXME|XXX)\b/)).toEqual([])
  })

  test('skips no test and singles none out', () => {
    const tests = sourceFiles('tests/**/*.test.ts')
    expect(having(tests, /\b(describe|test|it)\.(skip|only|todo)\b(?!If)/)).toEqual([])
  })

  test('has no file longer than 320 lines', () => {
    expect(
      sourceFiles('src/**/*.ts', 'client/cli/**/*.ts').filter((path) => read(path).split('\n').length > 320),
    ).toEqual([])
  })
})

describe('what is committed', () => {
  const tracked = trackedFiles()

  test('holds nothing that is generated', () => {
    expect(
      tracked.filter((path) => /^(dist|node_modules|\.data|\.aws-sam)\/|\/generated\//.test(path)),
    ).toEqual([])
  })

  test('names no address that packages are fetched from', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/[^"]*\.tgz/)
    expect(read('.npmrc')).not.toMatch(/registry\s*=/)
  })

  test('locks every platform of the DynamoDB engine', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'))
    const { packages } = JSON.parse(read('package-lock.json'))
    const names = Object.keys(optionalDependencies).filter((name) => name.startsWith('@dynoxide/'))
    expect(names.length).toBe(5)
    expect(names.filter((name) => packages[`node_modules/${name}`]?.optional !== true)).toEqual([])
  })
})

test('numbers every decision once', () => {
  const numbers = trackedFiles().flatMap((path) => /^docs\/adr\/(\d{4})-/.exec(path)?.[1] ?? [])
  expect(numbers.length).toBeGreaterThan(20)
  expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([])
})

test('states in every decision whether it is accepted, replaced or withdrawn', () => {
  const decisions = trackedFiles().filter((path) => /^docs\/adr\/\d{4}-/.test(path))
  const withoutStatus = decisions.filter(
    (path) => !/^Status: (accepted|proposed|withdrawn|replaced by \d+)\b/m.test(read(path)),
  )
  expect(withoutStatus).toEqual([])
})
