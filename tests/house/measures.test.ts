import { expect, test } from 'vitest'
import {
  ambiguousNames,
  circles,
  codeOf,
  commentsIn,
  functionLengths,
  measure,
  namesAcross,
  oldNamesIn,
  readSources,
} from '../../build/measures.ts'

test.each(measure(readSources()))('$name: $value is within $ceiling', ({ value, ceiling, places }) => {
  expect(value, places.join('\n')).toBeLessThanOrEqual(ceiling)
})

test.each(measure(readSources()))(
  '$name: the ceiling $ceiling is no lower than the aim $aim',
  ({ ceiling, aim }) => {
    expect(ceiling).toBeGreaterThanOrEqual(aim)
  },
)

test('a circle of imports is found, a type import included', () => {
  const files = [
    { path: 'src/a.ts', text: "import type { B } from './b.ts'\n" },
    { path: 'src/b.ts', text: "import { a } from './a.ts'\n" },
    { path: 'src/c.ts', text: "import { a } from './a.ts'\n" },
  ]
  expect(circles(files).map((ring) => ring.toSorted())).toEqual([['src/a.ts', 'src/b.ts']])
})

test('a name that was given up is found in code, not in strings or comments', () => {
  const text = "/** A Wish. */\nconst a = 'Wish'\nconst persevere = 1 // Wish\n"
  expect(codeOf(text)).not.toContain('Wish')
  expect(oldNamesIn(text)).toEqual(['persevere'])
})

test('a name that two files declare is ambiguous', () => {
  const files = [
    { path: 'src/a.ts', text: 'const width = 1\nexport interface Place {}\n' },
    { path: 'src/b.ts', text: 'export const width = 2\n' },
  ]
  expect(ambiguousNames(files)).toEqual([['width', ['src/a.ts', 'src/b.ts']]])
})

test('words of code and addresses in comments are not counted', () => {
  expect(commentsIn('/** Returns `which` it is, https://example.org/one */')).toEqual([
    ['returns', 'it', 'is'],
  ])
})

test('the length of a function ends with its last line', () => {
  expect(functionLengths('const a = () => {\n  b()\n}\n\nconst c = 1\n')).toEqual([3])
})

test('a name that one room imports from another counts once, a type and a second line included', () => {
  const files = [
    {
      path: 'src/interactions/a.ts',
      text: "import { b, type C } from '../write/b.ts'\nimport d from './d.ts'\n",
    },
    { path: 'src/interactions/d.ts', text: "import {\n  b,\n  e as f,\n} from '../write/b.ts'\n" },
    { path: 'src/http/g.ts', text: "import { h } from '../write/h.ts'\n" },
  ]
  expect(namesAcross(files, 'interactions', 'write')).toEqual([
    'src/write/b.ts b',
    'src/write/b.ts C',
    'src/write/b.ts e',
  ])
})
