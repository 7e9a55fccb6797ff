/** Parameters of every type that no element has the values of, https://hl7.org/fhir/R4/search.html#all */

import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { searchParameterOf } from '../index/lists.ts'
import { remembersWords } from '../index/words.ts'
import type { WordsClause } from '../query.ts'
import { listOf } from '../types/rules.ts'
import { readFilter } from './filter/filter.ts'
import { type ClausePart, type ParseClause, type ParseContext, parameterIssue } from './parse-context.ts'
import { readText } from './text.ts'

/**
 * A parameter without an element: its announcement, its types, whether this deployment has it, and its
 * parsing.
 */
export interface Special {
  readonly parameter: SearchParameter
  has(type: string): boolean
  /** Returns the reason why this deployment does not have the parameter. */
  refusal(): string | undefined
  parse(reading: ParseContext, name: string, value: string, parseClause: ParseClause): ClausePart
}

/** These alone have no narrative. */
const typesWithoutNarrative = new Set(['Binary', 'Bundle', 'Parameters'])

const parseWords =
  (scope: WordsClause['scope']): Special['parse'] =>
  (reading, name, value) => {
    const read = readText(value, scope)
    if ('clause' in read) return { clause: read.clause, issues: [] }
    const what = `\`${name}\` takes words with \`and\`, \`or\`, \`not\`, parentheses and quotes, and \`${value}\` is not put together so: ${read.wrong}.`
    return { issues: [parameterIssue('invalid', reading, name, what)] }
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

/** Returns the items of a List, without entries that are marked as deleted. */
const listedItems = (list: Resource): readonly TypedValue[] =>
  listOf(list.entry)
    .filter(isObject)
    .filter(({ deleted, item }) => deleted !== true && item !== undefined)
    .map(({ item }) => ({ type: 'Reference', value: item }))

/** `_list=42` is `_has:List:item:_id=42`. https://hl7.org/fhir/R4/search.html#list */
const parseList: Special['parse'] = (reading, name, value, parseClause) => {
  const item = searchParameterOf('List', 'item')
  if (value.startsWith('$'))
    return {
      issues: [
        parameterIssue('unsupported', reading, name, `\`${value}\` is not kept here; name a List by its id.`),
      ],
    }
  const { clause, issues } = parseClause({ ...reading, type: 'List' }, '_id', value)
  if (!clause || !item) return { issues }
  const parameter = { ...item, own: { list: item.code, of: listedItems } }
  return { clause: { kind: 'has', type: 'List', parameter, clause }, issues }
}

const specials: readonly Special[] = [
  {
    parameter: official('_list', 'string', 'Resource-list'),
    has: () => true,
    refusal: () => undefined,
    parse: parseList,
  },
  {
    parameter: official('_filter', 'special', 'filter'),
    has: () => true,
    refusal: () => undefined,
    parse: readFilter,
  },
  {
    parameter: official('_text', 'string', 'DomainResource-text'),
    has: (type) => !typesWithoutNarrative.has(type),
    refusal: withoutWords('_text'),
    parse: parseWords('narrative'),
  },
  {
    parameter: official('_content', 'string', 'Resource-content'),
    has: () => true,
    refusal: withoutWords('_content'),
    parse: parseWords('content'),
  },
]

const byCode: ReadonlyMap<string, Special> = new Map(
  specials.map((special) => [special.parameter.code, special]),
)

/** Returns these parameters of a type. */
export const specialParameters = (type: string): readonly SearchParameter[] =>
  specials.filter(({ has, refusal }) => has(type) && !refusal()).map(({ parameter }) => parameter)

/** Returns the clause of a special parameter; undefined for a parameter with an element. */
export const parseSpecial = (
  reading: ParseContext,
  name: string,
  value: string,
  parseClause: ParseClause,
): ClausePart | undefined => {
  const [code = '', modifier] = name.split(':')
  const special = byCode.get(code)
  if (!special) return undefined
  const refusal = special.refusal()
  if (refusal !== undefined) return { issues: [parameterIssue('unsupported', reading, name, refusal)] }
  if (modifier === undefined) return special.parse(reading, name, value, parseClause)
  return { issues: [parameterIssue('unknown-modifier', reading, name, `\`${code}\` takes no modifier.`)] }
}
