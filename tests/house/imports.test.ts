import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Import, importsOf, sourceFiles } from './sources.ts'

/** Each room may import from itself and from the rooms of the rows below its own. */
const rows = [
  ['handlers', 'local'],
  ['http'],
  ['operations'],
  ['interactions'],
  ['write'],
  ['jobs'],
  ['request'],
  ['auth', 'validate'],
  ['terminology'],
  ['search'],
  ['store'],
  ['fhir'],
  ['outcome'],
]

const roomOf = (path: string): string => path.split('/')[1] ?? ''
const rowOf = (room: string): number => rows.findIndex((row) => row.includes(room))

const mayImport = (from: string, to: string): boolean =>
  from === to || (rowOf(from) < rowOf(to) && rowOf(from) >= 0)

const breaksDirection = ({ from, to }: Import): boolean =>
  to.startsWith('src/') && !mayImport(roomOf(from), roomOf(to))

/** The reading rooms, which see resources through `context.reader`; the files beside them administer the store itself. */
const readingRooms = ['interactions', 'operations', 'terminology', 'http', 'validate', 'jobs', 'search']
const administering = [
  'src/operations/check-index.ts',
  'src/operations/claim.ts',
  'src/operations/purge.ts',
  'src/operations/reindex.ts',
]

/** Matches a use of the context's store, and of the port's type. */
const storeUse =
  /\bcontext\.store\b|\{[^{}]*\bstore\b[^{}]*\}: (?:Pick<)?(?:Context|Dispatch)\b|\(call, \{[^{}]*\bstore\b|\bStore\b[^;']*from '[^']*store\/port\.ts'/

const isMaintenance = (path: string): boolean => /^src\/search\/(audit|reindex)\//.test(path)

const isAws = (name: string): boolean => /^(@aws-sdk\/|@smithy\/|aws-sdk|aws-xray|aws-jwt-verify)/.test(name)
const mayImportAws = (path: string): boolean =>
  /^src\/(handlers|local|store)\//.test(path) || path === 'src/auth/cognito.ts'

describe('imports', () => {
  const sources = sourceFiles('src/**/*.ts')
  const imports = sources.flatMap(importsOf)

  test('are read from every source file', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(imports.length).toBeGreaterThan(sources.length)
  })

  test('stand in a room that has its place in the order', () => {
    expect(sources.filter((path) => rowOf(roomOf(path)) < 0)).toEqual([])
  })

  test('go from the doors to the outcome, never back', () => {
    expect(imports.filter(breaksDirection).map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test('reach AWS only from the handlers, the laptop, the store and the Cognito file', () => {
    const astray = imports.filter(({ from, to }) => isAws(to) && !mayImportAws(from))
    expect(astray.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test('of the rooms that read leave the store itself to maintenance', () => {
    const taking = sources.filter(
      (path) =>
        readingRooms.includes(roomOf(path)) &&
        !isMaintenance(path) &&
        storeUse.test(readFileSync(path, 'utf8')),
    )
    expect(taking.filter((path) => !administering.includes(path))).toEqual(['src/search/reading/memory.ts'])
    expect(taking).toEqual(expect.arrayContaining(administering))
  })

  test('carry the file extension when relative', () => {
    const relative = imports.filter(({ to }) => to.startsWith('src/'))
    expect(relative.filter(({ to }) => !/\.(ts|js|json)$/.test(to))).toEqual([])
  })

  test('of the client never reach into the server', () => {
    const client = sourceFiles('client/**/*.ts', 'client/**/*.tsx').flatMap(importsOf)
    expect(client.filter(({ to }) => to.startsWith('src/'))).toEqual([])
  })
})
