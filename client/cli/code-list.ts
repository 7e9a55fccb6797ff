// https://hl7.org/fhir/R4/codesystem.html — a list of codes as the pieces of a code system.
import type { CodeSystem, CodeSystemConcept, CodeSystemConceptProperty } from 'fhir/r4.js'
import { UsageError } from './options.ts'
import type { Packed } from './package.ts'

/** A code system's codes without nesting, and what it says of itself. */
export interface CodeList {
  system: CodeSystem
  concepts: readonly CodeSystemConcept[]
}

/** So many codes make a resource of some hundred kilobytes. */
const perPiece = 1000

/** The names that publishers give to the columns that are more than properties. */
const columns: Readonly<Record<string, readonly string[]>> = {
  code: ['code', 'loinc_num', 'conceptid'],
  display: ['display', 'long_common_name', 'term'],
  definition: ['definition'],
  parent: ['parent'],
}

/** Returns the cells of a list, row by row; quotes are as RFC 4180 has them. */
export const cellsOf = (text: string, separator: ',' | '\t'): string[][] => {
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${separator}\\r\\n]*)(${separator}|\\r?\\n|$)`, 'y')
  const rows: string[][] = []
  let row: string[] = []
  while (cell.lastIndex < text.length) {
    const [whole, value = '', end] = cell.exec(text) ?? []
    if (whole === undefined)
      throw new UsageError(`Row ${rows.length + 1} of the list has a quote that does not end.`)
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value)
    if (end === separator) continue
    rows.push(row)
    row = []
  }
  rows.push(row)
  return rows.filter((each) => each.some((value) => value !== ''))
}

const isColumn = (name: string, header: string): boolean =>
  columns[name]?.includes(header.trim().toLowerCase()) ?? false

const parentProperty = {
  code: 'parent',
  uri: 'http://hl7.org/fhir/concept-properties#parent',
  type: 'code',
} as const

/** Returns the list of a table whose first row names its columns; columns that are nothing else are properties. */
export const tableList = (rows: readonly string[][], canonical: string): CodeList => {
  const [headers = [], ...lines] = rows
  const at = (name: string): number => headers.findIndex((header) => isColumn(name, header))
  if (at('code') < 0) throw new UsageError('The first row of the list must name a column `code`.')
  const known = new Set(Object.keys(columns).map(at))
  const others = headers.map((header, i) => [header.trim(), i] as const).filter(([, i]) => !known.has(i))
  const [url = '', version] = canonical.split('|')
  const text = (line: readonly string[], name: string): object => {
    const value = line[at(name)]
    return value ? { [name]: value } : {}
  }
  return {
    system: {
      resourceType: 'CodeSystem',
      url,
      ...(version && { version }),
      status: 'active',
      content: 'fragment',
      property: [parentProperty, ...others.map(([code]) => ({ code, type: 'string' as const }))],
    },
    concepts: lines.map((line) => {
      const property: CodeSystemConceptProperty[] = [
        ...(line[at('parent')] ? [{ code: 'parent', valueCode: line[at('parent')] ?? '' }] : []),
        ...others.flatMap(([code, i]) => (line[i] ? [{ code, valueString: line[i] }] : [])),
      ]
      return {
        code: line[at('code')] ?? '',
        ...text(line, 'display'),
        ...text(line, 'definition'),
        ...(property.length > 0 && { property }),
      }
    }),
  }
}

const flat = (concepts: readonly CodeSystemConcept[], parent?: string): CodeSystemConcept[] =>
  concepts.flatMap(({ concept = [], ...own }) => {
    const property = [
      ...(own.property ?? []),
      ...(parent === undefined ? [] : [{ code: 'parent', valueCode: parent }]),
    ]
    return [{ ...own, ...(property.length > 0 && { property }) }, ...flat(concept, own.code)]
  })

/** Returns the list of a CodeSystem: what was nested says its parents. */
export const systemList = ({ concept = [], text: _, meta: __, ...system }: CodeSystem): CodeList => {
  const defined = system.property ?? []
  const property = defined.some(({ code }) => code === 'parent') ? defined : [...defined, parentProperty]
  return { system: { ...system, property }, concepts: flat(concept) }
}

const idOf = ({ url = '', version }: CodeSystem, at: number): string => {
  const name = [url.replace(/^\w+:\/*/, ''), version].filter((each) => each !== undefined).join('-')
  return `${name.replace(/[^A-Za-z0-9]+/g, '-').slice(-56)}-${at + 1}`.replace(/^-/, '')
}

/** Returns the resources that make the code system: the last one says so where it is complete, once the others are there. */
export const piecesOf = ({ system, concepts }: CodeList): Packed[] => {
  const count = Math.max(1, Math.ceil(concepts.length / perPiece))
  return Array.from({ length: count }, (_, at) => {
    const id = idOf(system, at)
    const content = at === count - 1 ? system.content : 'fragment'
    const concept = concepts.slice(at * perPiece, (at + 1) * perPiece)
    const { count: __, ...rest } = system
    const resource = { ...rest, id, content, ...(concept.length > 0 && { concept }) }
    return { path: id, type: 'CodeSystem', id, text: JSON.stringify(resource) }
  })
}
