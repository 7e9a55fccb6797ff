/** The house in figures. `npm run check` prints them; one above its ceiling fails the check, and ceilings only fall. */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** One source file: its path from the project's root and its text. */
export interface SourceFile {
  path: string
  text: string
}

/** A figure of the house: it may not exceed its ceiling, which is lowered with the figure until it is the aim. */
export interface Measure {
  name: string
  value: number
  ceiling: number
  aim: number
  /** The worst places, for whoever has to mend it. */
  places: readonly string[]
}

/** Returns the server's own source files, generated ones left out. */
export const readSources = (): SourceFile[] =>
  globSync('src/**/*.ts', { cwd: root })
    .filter((path) => !path.includes('/generated/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

const importPattern =
  /^\s*(?:import|export)\s+(?:type\s+)?(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'|import\('(\.[^']+)'\)/gm

/** Returns the paths of the project's own files that a file imports, types and dynamic imports included. */
export const importsOf = ({ path, text }: SourceFile): string[] =>
  [...text.matchAll(importPattern)].map(([, fixed, dynamic]) =>
    relative(root, join(root, dirname(path), fixed ?? dynamic ?? '')),
  )

/** Returns the circles of imports, each as the files that import one another. */
export const circles = (files: readonly SourceFile[]): string[][] => {
  const graph = new Map(files.map((file) => [file.path, importsOf(file)]))
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const found: string[][] = []
  const visit = (path: string): void => {
    order.set(path, order.size)
    low.set(path, order.get(path) ?? 0)
    open.push(path)
    for (const next of graph.get(path) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) visit(next)
      if (open.includes(next)) low.set(path, Math.min(low.get(path) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(path) !== order.get(path)) return
    const circle = open.splice(open.indexOf(path))
    if (circle.length > 1) found.push(circle)
  }
  for (const { path } of files) if (!order.has(path)) visit(path)
  return found
}

const code = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g

/** Returns a text without its comments and strings, so that only code is left. */
export const codeOf = (text: string): string => text.replace(code, ' ')

/** Names that the house has given up, with the word that is used now: `docs/vocabulary.md`. */
export const oldNames: Readonly<Record<string, string>> = {
  Wish: 'Change',
  wishFor: 'changeOf',
  judged: 'checked',
  WishResult: 'ChangeResult',
  Care: 'CommitOptions',
  IndexCare: 'IndexAudit',
  overlaps: 'conditionConflicts',
  spread: 'expandMultipleDelete',
  strangers: 'refuseCrossReferences',
  withoutStrangers: 'refuseCrossReferences',
  demands: 'policyIssues',
  demandsOn: 'policyIssues',
  meetDemands: 'checkPolicy',
  Said: 'IndexedEntry',
  Unsaid: 'MissingEntry',
  unsay: 'remove',
  stillSaid: 'stillPresent',
  Once: 'IdempotencyRecord',
  persevere: 'retryOnConflict',
  Told: 'SearchMatch',
  told: 'issues, result or answer, by content',
  Visit: 'Invocation',
  visit: 'invocation',
  Backing: 'Services',
  backing: 'services',
  upkeep: 'indexMaintenance',
  manners: 'resultParameters',
  objections: 'accessIssues',
  deeds: 'actionPhrases',
  dressed: 'withCommonHeaders',
  lately: 'lazy',
  companions: 'relatedResources',
  everyone: 'everythingAll',
  several: 'multiType',
  halvesOf: 'containedVariants',
}

const identifier = /[A-Za-z_$][\w$]*/g

/** Returns the given-up names that a file still uses as identifiers, each once. */
export const oldNamesIn = (text: string): string[] => [
  ...new Set(
    [...codeOf(text).matchAll(identifier)].flatMap(([name]) => (Object.hasOwn(oldNames, name) ? name : [])),
  ),
]

const declaration =
  /^(?:export )?(?:declare )?(?:default )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) ([A-Za-z_$][\w$]*)/gm

/** Returns the names that a file declares at its top level. */
export const declaredIn = (text: string): string[] => [
  ...new Set([...text.matchAll(declaration)].flatMap(([, name]) => name ?? [])),
]

/** Every Lambda function's file exports its `handler`, and every operation's file its `definition`: a role, not a meaning. */
const roles: ReadonlySet<string> = new Set(['handler', 'definition'])

/** Returns the top-level names that more than one file declares, with those files. */
export const ambiguousNames = (files: readonly SourceFile[]): [name: string, paths: string[]][] => {
  const places = new Map<string, string[]>()
  for (const { path, text } of files)
    for (const name of declaredIn(text)) places.set(name, [...(places.get(name) ?? []), path])
  return [...places].filter(([name, paths]) => paths.length > 1 && !roles.has(name))
}

const docComment = /\/\*\*([\s\S]*?)\*\//g
const vague: ReadonlySet<string> = new Set('what which it one those such none other others told'.split(' '))
const vagueStarts: ReadonlySet<string> = new Set('what where who whoever of how'.split(' '))

const wordsOf = (comment: string): string[] =>
  comment
    .replace(/`[^`]*`|https?:\/\/\S+|\*/g, ' ')
    .match(/[A-Za-z']+/g)
    ?.map((word) => word.toLowerCase()) ?? []

/** Returns the doc comments of a text as lists of their words, code and addresses left out; those of one or two words too. */
export const commentsIn = (text: string): string[][] =>
  [...text.matchAll(docComment)]
    .map(([, comment = '']) => wordsOf(comment))
    .filter((words) => words.length >= 3)

const vagueCount = (words: readonly string[]): number => words.filter((word) => vague.has(word)).length
const startsVaguely = (words: readonly string[]): boolean => vagueStarts.has(words[0] ?? '')

const functionStart =
  /^(?:export )?(?:async function|function|const [\w$]+(?:: [^=]*)? = (?:async )?(?:<[^>]*>)?\(|const [\w$]+ =$)/

/** Returns the length in lines of each top-level function of a text. */
export const functionLengths = (text: string): number[] => {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    if (!functionStart.test(line)) return []
    let end = start + 1
    while (end < lines.length && /^[\s)\]}]/.test(lines[end] ?? '') && lines[end]?.trim() !== '') end++
    const whole = lines.slice(start, end).join('\n')
    return /=>|^(?:export )?(?:async )?function/.test(whole) ? [end - start] : []
  })
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

const filesByFolder = (files: readonly SourceFile[]): [string, SourceFile[]][] => [
  ...Map.groupBy(files, ({ path }) => dirname(path)),
]

const share = (part: number, whole: number): number => Math.round((1000 * part) / Math.max(whole, 1)) / 10

const worst = (rows: readonly (readonly [place: string, count: number])[]): string[] =>
  rows
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 12)
    .map(([place, count]) => `${place}: ${count}`)

const namesFrom = /^(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'(\.[^']+)'/gm

/** Returns the names that the files of one room import from another, each as `file name`; types included. */
export const namesAcross = (files: readonly SourceFile[], from: string, to: string): string[] => {
  const found = files
    .filter(({ path }) => path.startsWith(`src/${from}/`))
    .flatMap(({ path, text }) =>
      [...text.matchAll(namesFrom)].flatMap(([, names = '', target = '']) => {
        const file = relative(root, join(root, dirname(path), target))
        return file.startsWith(`src/${to}/`)
          ? names.split(',').map((name) => `${file} ${name.replace(/^\s*type\s|\sas\s.*$/g, '').trim()}`)
          : []
      }),
    )
  return [...new Set(found)].filter((each) => !each.endsWith(' '))
}

/** The way of a transaction between the interactions and the write room. */
const crossingMeasures = (files: readonly SourceFile[]): Measure[] => {
  const names = namesAcross(files, 'interactions', 'write')
  const crossed = [...new Set(names.map((each) => each.slice(0, each.indexOf(' '))))]
  return [
    {
      name: 'names that interactions import from write',
      value: names.length,
      ceiling: 12,
      aim: 12,
      places: names,
    },
    {
      name: 'files of write that interactions import',
      value: crossed.length,
      ceiling: 6,
      aim: 6,
      places: crossed,
    },
  ]
}

const commentMeasures = (files: readonly SourceFile[]): Measure[] => {
  const all = files.map(({ path, text }) => ({ path, comments: commentsIn(text) }))
  const comments = all.flatMap((each) => each.comments)
  const count = (of: readonly string[][]): number => of.reduce((sum, words) => sum + vagueCount(words), 0)
  return [
    {
      name: 'vague words in a hundred words of doc comments',
      value: share(count(comments), comments.flat().length),
      ceiling: 1.5,
      aim: 1.5,
      places: worst(all.map((each) => [each.path, count(each.comments)])),
    },
    {
      name: 'doc comments that begin with What, Where, Who, Whoever, Of or How',
      value: comments.filter(startsVaguely).length,
      ceiling: 0,
      aim: 0,
      places: worst(all.map((each) => [each.path, each.comments.filter(startsVaguely).length])),
    },
  ]
}

const functionMeasures = (files: readonly SourceFile[]): Measure[] => {
  const lengths = files.flatMap(({ text }) => functionLengths(text)).sort((a, b) => a - b)
  const over = share(lengths.filter((length) => length > 50).length, lengths.length)
  return [
    { name: 'lines of the median function', value: percentile(lengths, 0.5), ceiling: 7, aim: 7, places: [] },
    {
      name: 'lines that nine functions in ten stay within',
      value: percentile(lengths, 0.9),
      ceiling: 16,
      aim: 16,
      places: [],
    },
    { name: 'functions above 50 lines, in a hundred', value: over, ceiling: 0.3, aim: 0.3, places: [] },
  ]
}

/** Returns every figure of the house for these files. */
export const measure = (files: readonly SourceFile[]): Measure[] => {
  const rings = circles(files)
  const folders = filesByFolder(files).filter(([, inside]) => inside.length > 15)
  const long = files.filter(({ text }) => text.split('\n').length > 320)
  const old = files.flatMap(({ path, text }) =>
    oldNamesIn(text).map((name) => `${path}: ${name}, now ${oldNames[name]}`),
  )
  const ambiguous = ambiguousNames(files)
  return [
    {
      name: 'circles of imports',
      value: rings.length,
      ceiling: 0,
      aim: 0,
      places: rings.map((ring) => ring.join(' ')),
    },
    {
      name: 'folders of more than 15 files',
      value: folders.length,
      ceiling: 0,
      aim: 0,
      places: folders.map(([folder, inside]) => `${folder}: ${inside.length}`),
    },
    {
      name: 'files of more than 320 lines',
      value: long.length,
      ceiling: 0,
      aim: 0,
      places: long.map(({ path }) => path),
    },
    { name: 'uses of names that were given up', value: old.length, ceiling: 0, aim: 0, places: old },
    {
      name: 'top-level names that more than one file declares',
      value: ambiguous.length,
      ceiling: 59,
      aim: 59,
      places: worst(ambiguous.map(([name, paths]) => [name, paths.length])),
    },
    ...crossingMeasures(files),
    ...commentMeasures(files),
    ...functionMeasures(files),
  ]
}
