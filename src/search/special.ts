/** Parameters of every type that no element has the values of, https://hl7.org/fhir/R4/search.html#all */

import type { SearchParameter } from '../fhir/definitions.ts'
import type { Issue } from '../outcome/failure.ts'
import { readFilter } from './filter/filter.ts'
import type { Clause, WordsClause } from './query.ts'
import { complaint, type Reading } from './reading.ts'
import { readText } from './text.ts'
import { remembersWords } from './words.ts'

/** A clause, or what is wrong with it. */
export interface ClausePart {
  clause?: Clause
  issues: readonly Issue[]
}

export type ParseClause = (reading: Reading, name: string, value: string) => ClausePart

/** One of them: how it is announced, which types have it, and how its value is read. */
export interface Special {
  readonly parameter: SearchParameter
  has(type: string): boolean
  parse(reading: Reading, name: string, value: string, parseClause: ParseClause): ClausePart
}

/** These alone have no narrative. */
const untold = new Set(['Binary', 'Bundle', 'Parameters'])

const words =
  (scope: WordsClause['scope']): Special['parse'] =>
  (reading, name, value) => {
    const read = readText(value, scope)
    if ('clause' in read) return { clause: read.clause, issues: [] }
    const what = `\`${name}\` takes words with \`and\`, \`or\`, \`not\`, parentheses and quotes, and \`${value}\` is not put together so: ${read.wrong}.`
    return { issues: [complaint('invalid', reading, name, what)] }
  }

const official = (code: string, type: SearchParameter['type'], name: string): SearchParameter => ({
  code,
  type,
  url: `http://hl7.org/fhir/SearchParameter/${name}`,
})

const all: readonly Special[] = [
  { parameter: official('_filter', 'special', 'filter'), has: () => true, parse: readFilter },
  {
    parameter: official('_text', 'string', 'DomainResource-text'),
    has: (type) => remembersWords() && !untold.has(type),
    parse: words('narrative'),
  },
  {
    parameter: official('_content', 'string', 'Resource-content'),
    has: () => remembersWords(),
    parse: words('content'),
  },
]

const byCode: ReadonlyMap<string, Special> = new Map(all.map((special) => [special.parameter.code, special]))

/** Returns these parameters of a type. */
export const specialParameters = (type: string): readonly SearchParameter[] =>
  all.filter((special) => special.has(type)).map(({ parameter }) => parameter)

/** Returns the clause that one of these parameters asks for; undefined where the name is no such parameter's. */
export const parseSpecial = (
  reading: Reading,
  name: string,
  value: string,
  parseClause: ParseClause,
): ClausePart | undefined => {
  const [code = '', modifier] = name.split(':')
  const special = byCode.get(code)
  if (!special) return undefined
  const wrong = !special.has(reading.type)
    ? complaint('unsupported', reading, name, absence(reading, code))
    : modifier !== undefined
      ? complaint('unknown-parameter', reading, name, `\`${code}\` takes no modifier.`)
      : undefined
  return wrong ? { issues: [wrong] } : special.parse(reading, name, value, parseClause)
}

const absence = ({ type }: Reading, code: string): string =>
  remembersWords()
    ? `A ${type} has no narrative, so \`${code}\` finds nothing in it.`
    : `\`${code}\` needs the words of every resource in the index, which this deployment leaves out (\`WORD_INDEX\` is \`off\`).`
