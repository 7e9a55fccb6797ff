/** Parameters of every type that no element has the values of, https://hl7.org/fhir/R4/search.html#all */

import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { searchParameterOf } from '../index/lists.ts'
import { remembersWords } from '../index/words.ts'
import type { WordsClause } from '../query.ts'
import { isObject, listOf } from '../types/rules.ts'
import { readFilter } from './filter/filter.ts'
import { type ClausePart, complaint, type ParseClause, type Reading } from './reading.ts'
import { readText } from './text.ts'

/** One of them: how it is announced, and of which types; whether this deployment has it; how its value is read. */
export interface Special {
  readonly parameter: SearchParameter
  has(type: string): boolean
  /** Why this deployment does without it, where it does. */
  refusal(): string | undefined
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

const withoutWords = (code: string) => (): string | undefined =>
  remembersWords()
    ? undefined
    : `\`${code}\` needs the words of every resource in the index, which this deployment leaves out (\`WORD_INDEX\` is \`off\`).`

const official = (code: string, type: SearchParameter['type'], name: string): SearchParameter => ({
  code,
  type,
  url: `http://hl7.org/fhir/SearchParameter/${name}`,
})

/** What a List holds; entries that are marked as gone from it are passed over. */
const entriesOf = (list: Resource): readonly TypedValue[] =>
  listOf(list.entry)
    .filter(isObject)
    .filter(({ deleted, item }) => deleted !== true && item !== undefined)
    .map(({ item }) => ({ type: 'Reference', value: item }))

/** `_list=42` is `_has:List:item:_id=42`. https://hl7.org/fhir/R4/search.html#list */
const list: Special['parse'] = (reading, name, value, parseClause) => {
  const item = searchParameterOf('List', 'item')
  if (value.startsWith('$'))
    return {
      issues: [
        complaint('unsupported', reading, name, `\`${value}\` is not kept here; name a List by its id.`),
      ],
    }
  const { clause, issues } = parseClause({ ...reading, type: 'List' }, '_id', value)
  if (!clause || !item) return { issues }
  const parameter = { ...item, own: { list: item.code, of: entriesOf } }
  return { clause: { kind: 'has', type: 'List', parameter, clause }, issues }
}

const all: readonly Special[] = [
  {
    parameter: official('_list', 'string', 'Resource-list'),
    has: () => true,
    refusal: () => undefined,
    parse: list,
  },
  {
    parameter: official('_filter', 'special', 'filter'),
    has: () => true,
    refusal: () => undefined,
    parse: readFilter,
  },
  {
    parameter: official('_text', 'string', 'DomainResource-text'),
    has: (type) => !untold.has(type),
    refusal: withoutWords('_text'),
    parse: words('narrative'),
  },
  {
    parameter: official('_content', 'string', 'Resource-content'),
    has: () => true,
    refusal: withoutWords('_content'),
    parse: words('content'),
  },
]

const byCode: ReadonlyMap<string, Special> = new Map(all.map((special) => [special.parameter.code, special]))

/** Returns these parameters of a type. */
export const specialParameters = (type: string): readonly SearchParameter[] =>
  all.filter(({ has, refusal }) => has(type) && !refusal()).map(({ parameter }) => parameter)

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
  const refusal = special.refusal()
  if (refusal !== undefined) return { issues: [complaint('unsupported', reading, name, refusal)] }
  if (modifier === undefined) return special.parse(reading, name, value, parseClause)
  return { issues: [complaint('unknown-modifier', reading, name, `\`${code}\` takes no modifier.`)] }
}
