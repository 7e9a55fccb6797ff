/**
 * https://hl7.org/fhir/R4/search_filter.html — turns a filter's tree into clauses, as other parameters give
 * them.
 */

import type { SearchParameter } from '../../../fhir/definitions.ts'
import { isResourceType, resourceTypes } from '../../../fhir/types.ts'
import { searchParameterOf } from '../../index/lists.ts'
import type { Clause, SearchValue } from '../../query.ts'
import { modifierNamed, rulesOfType } from '../../types/index.ts'
import { absentSystemReason, namesAbsentSystem } from '../absent-system.ts'
import type { ClausePart, ParseClause } from '../parse-context.ts'
import {
  countWays,
  nameTypes,
  type ParseContext,
  parameterIssue,
  unknownParameter,
} from '../parse-context.ts'
import { type Filter, type FilterTest, Misread, type PathStep, parseFilter } from './grammar.ts'
import { type Meaning, operatorsOf } from './operators.ts'

/** The parse context of a filter, and the function that parses its parameters. */
interface FilterScope {
  readonly reading: ParseContext
  readonly parseClause: ParseClause
}

/** Returns the clause of a `_filter`, or an issue with the position of the wrong character. */
export const readFilter = (
  reading: ParseContext,
  name: string,
  text: string,
  parseClause: ParseClause,
): ClausePart => {
  try {
    return { clause: clauseOf({ reading, parseClause }, parseFilter(text)), issues: [] }
  } catch (thrown) {
    if (!(thrown instanceof Misread)) throw thrown
    const what = `\`${name}\` cannot be read from character ${thrown.at} on: ${thrown.message}.`
    return { issues: [parameterIssue(thrown.kind, reading, name, what)] }
  }
}

const clauseOf = (scope: FilterScope, filter: Filter): Clause => {
  if (filter.kind === 'test') return testClause(scope, filter.path, filter)
  return { kind: filter.kind, clauses: filter.parts.map((part) => clauseOf(scope, part)) }
}

const withinType = ({ reading, parseClause }: FilterScope, type: string): FilterScope => ({
  reading: { ...reading, type },
  parseClause,
})

const testClause = (scope: FilterScope, path: readonly PathStep[], test: FilterTest): Clause => {
  const [step, ...rest] = path as [PathStep, ...PathStep[]]
  if (step.from !== undefined) return hasClause(scope, step, step.from, rest, test)
  const words = rest.length === 0 ? wordsClause(scope, step, test) : undefined
  if (words) return words
  const parameter = knownParameter(scope, step, scope.reading.type)
  if (rest.length === 0) return valueClause(scope, parameter, test)
  if (parameter.type === 'reference') return chainClause(scope, parameter, step, rest, test)
  if (parameter.type === 'composite' && step.where) return compositeClause(scope, parameter, step, rest, test)
  throw new Misread(step.at, `\`${step.name}\` is no reference, so nothing can be chained to it`)
}

const knownParameter = ({ reading }: FilterScope, { name, at }: PathStep, type: string): SearchParameter => {
  const parameter = searchParameterOf(type, name, reading.own)
  if (parameter) return parameter
  const { diagnostics } = unknownParameter({ ...reading, type }, '_filter', name)
  throw new Misread(at, (diagnostics ?? '').replace(/\.$/, ''), 'unknown-parameter')
}

/** `_text` and `_content` contain words or not. */
const wordsClause = (
  { reading, parseClause }: FilterScope,
  { name }: PathStep,
  test: FilterTest,
): Clause | undefined => {
  if (name !== '_text' && name !== '_content') return undefined
  if (test.operator !== 'co' && test.operator !== 'eq')
    throw new Misread(test.at.operator, `\`${name}\` takes \`co\`, not \`${test.operator}\``)
  const { clause, issues } = parseClause(reading, name, `"${test.value.replace(/[",\\]/g, ' ')}"`)
  if (!clause) throw new Misread(test.at.value, (issues[0]?.diagnostics ?? '').replace(/\.$/, ''))
  return clause
}

const hasClause = (
  scope: FilterScope,
  step: PathStep,
  type: string,
  rest: readonly PathStep[],
  test: FilterTest,
): Clause => {
  if (!isResourceType(type)) throw new Misread(step.at, `\`${type}\` is no type of R4`)
  const parameter = knownParameter(scope, step, type)
  if (parameter.type !== 'reference') throw new Misread(step.at, `\`${step.name}\` is no reference`)
  return { kind: 'has', type, parameter, clause: testClause(withinType(scope, type), rest, test) }
}

const targetsOfStep = (
  { targets = resourceTypes }: SearchParameter,
  { type, at, name }: PathStep,
): readonly string[] => {
  if (type === undefined) return targets
  if (!targets.includes(type)) throw new Misread(at, `\`${name}\` cannot point to \`${type}\``)
  return [type]
}

/** The rest of the path may hold for any target type that has its parameters. */
const chainClause = (
  scope: FilterScope,
  parameter: SearchParameter,
  step: PathStep,
  rest: readonly PathStep[],
  test: FilterTest,
): Clause => {
  const misread: Misread[] = []
  const types = targetsOfStep(parameter, step)
  const targets = (countWays(scope.reading, types) ? types : []).flatMap((type) => {
    try {
      return [{ type, clause: targetClause(withinType(scope, type), step, rest, test) }]
    } catch (thrown) {
      if (!(thrown instanceof Misread)) throw thrown
      misread.push(thrown)
      return []
    }
  })
  if (scope.reading.ways.left < 0)
    throw new Misread(step.at, `\`${step.name}\` is not followed: ${nameTypes}`)
  if (targets.length > 0) return { kind: 'chain', parameter, targets }
  const [only, ...others] = misread
  if (only && others.length === 0) throw only
  const kind = misread.find((each) => each.kind === 'unknown-parameter')?.kind
  throw new Misread(step.at, `nothing that \`${step.name}\` can point to has what follows`, kind)
}

const targetClause = (
  scope: FilterScope,
  { where }: PathStep,
  rest: readonly PathStep[],
  test: FilterTest,
): Clause => {
  const clause = testClause(scope, rest, test)
  return where ? { kind: 'all', clauses: [clauseOf(scope, where), clause] } : clause
}

const meaningOf = ({ code, type }: SearchParameter, { operator, at }: FilterTest): Meaning => {
  const meanings = operatorsOf(type)
  const meaning = meanings[operator]
  if (meaning) return meaning
  const list = [...Object.keys(meanings), 'pr'].map((each) => `\`${each}\``).join(', ')
  throw new Misread(
    at.operator,
    `\`${code}\`, a parameter of type ${type}, takes ${list}, not \`${operator}\``,
  )
}

const valueClause = (scope: FilterScope, parameter: SearchParameter, test: FilterTest): Clause => {
  if (test.operator === 'pr') return presenceClause(parameter, test)
  const meaning = meaningOf(parameter, test)
  const value = readOperand(scope, parameter, meaning, test)
  return { kind: 'value', parameter, modifier: meaning.modifier, values: [value] }
}

const presenceClause = (parameter: SearchParameter, { value, at }: FilterTest): Clause => {
  if (value !== 'true' && value !== 'false')
    throw new Misread(at.value, `\`pr\` takes \`true\` or \`false\`, not \`${value}\``)
  return { kind: 'missing', parameter, missing: value === 'false' }
}

/** A filter's values have no escapes; commas and dollars mean themselves. */
const escapedOperand = ({ type }: SearchParameter, value: string): string =>
  value.replace(type === 'composite' ? /[\\,]/g : /[\\,$]/g, '\\$&')

const readOperand = (
  { reading }: FilterScope,
  parameter: SearchParameter,
  { modifier, prefixed }: Meaning,
  { operator, value, at }: FilterTest,
): SearchValue => {
  const [rules, row] = [rulesOfType(parameter.type), modifierNamed(parameter.type, modifier)]
  const text = `${prefixed ? operator : ''}${escapedOperand(parameter, value)}`
  const parsing = { parameter, modifier: '', base: reading.base, now: reading.now }
  if (namesAbsentSystem(parameter, operator === 'ne' ? 'not' : modifier, value))
    throw new Misread(at.value, absentSystemReason(parameter.code, value, parameter))
  const fits = value !== '' && (!prefixed || /^[\d+.-]/.test(value))
  const found = fits ? (row?.parse ?? rules?.parse)?.(text, parsing) : undefined
  if (found) return found
  const wanted = row?.expects ?? rules?.expects
  throw new Misread(at.value, `\`${value}\` is no value of \`${parameter.code}\`: it takes ${wanted}`)
}

/**
 * `code-value-quantity[code eq 8480-6].value-quantity gt 120`: a test for each component, all of the same
 * element.
 */
const compositeClause = (
  scope: FilterScope,
  parameter: SearchParameter,
  step: PathStep,
  rest: readonly PathStep[],
  test: FilterTest,
): Clause => {
  const tests = [...testsIn(step.where), { ...test, path: rest }]
  const { components = [] } = parameter
  const parts = components.map(({ code, type, expression }) => {
    const [own, ...others] = tests.filter(({ path }) => path.length === 1 && path[0]?.name === code)
    const component: SearchParameter = { code, type, expression, url: '' } as SearchParameter
    const meaning =
      own && others.length === 0 && own.operator !== 'pr' ? meaningOf(component, own) : undefined
    if (!own || meaning?.modifier !== '') throw incompleteComposite(parameter, step)
    return readOperand(scope, component, meaning, own)
  })
  if (tests.length !== parts.length) throw incompleteComposite(parameter, step)
  return { kind: 'value', parameter, modifier: '', values: [{ type: 'composite', parts }] }
}

const testsIn = (filter: Filter | undefined): readonly FilterTest[] => {
  if (filter?.kind === 'test') return [filter]
  return filter?.kind === 'all' ? filter.parts.flatMap(testsIn) : []
}

const incompleteComposite = ({ code, components = [] }: SearchParameter, { at }: PathStep): Misread => {
  const names = components.map((component) => `\`${component.code}\``).join(' and ')
  return new Misread(at, `\`${code}\` takes one plain test each of ${names}, joined by \`and\``)
}
