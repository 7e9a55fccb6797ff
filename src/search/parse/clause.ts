import type { SearchParameter } from '../../fhir/definitions.ts'
import type { Issue } from '../../outcome/failure.ts'
import { searchParameterOf } from '../index/lists.ts'
import type { SearchValue } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { rulesOfType } from '../types/index.ts'
import type { Modifier, SearchRules } from '../types/rules.ts'
import { absentSystem, namesAbsentSystem } from './absent-system.ts'
import { splitRaw } from './escapes.ts'
import { parseChain, parseHas } from './linked-clause.ts'
import {
  type ClausePart,
  isTarget,
  type ParseContext,
  parameterIssue,
  unknownParameter,
  withClause,
  withFirmIssue,
  withIssue,
} from './parse-context.ts'
import { parseSpecial } from './special.ts'

/** Returns the clause that one parameter of a search asks for: plain, with a modifier, chained, or `_has`. */
export const parseClause = (reading: ParseContext, name: string, value: string): ClausePart => {
  if (name.startsWith('_has:')) return parseHas(parseClause, reading, name, value)
  const special = parseSpecial(reading, name, value, parseClause)
  if (special) return special
  const dot = name.indexOf('.')
  const [code = '', modifier, ...more] = (dot < 0 ? name : name.slice(0, dot)).split(':')
  const parameter = searchParameterOf(reading.type, code, reading.own)
  if (!parameter) return withIssue(unknownParameter(reading, name, code))
  if (more.length > 0)
    return withIssue(
      parameterIssue('unknown-modifier', reading, name, `\`${code}\` takes one modifier, not \`${name}\`.`),
    )
  if (dot >= 0) return parseChain(parseClause, reading, name, parameter, modifier, name.slice(dot + 1), value)
  if (value === '') return withIssue(parameterIssue('invalid', reading, name, `\`${name}\` has no value.`))
  if (modifier === 'missing' && parameter.type !== 'composite')
    return parseMissing(reading, name, parameter, value)
  return (
    (modifier === undefined && parseVersioned(reading, name, parameter, value)) ||
    parseValues(reading, name, parameter, modifier ?? '', value)
  )
}

const parseMissing = (
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  value: string,
): ClausePart =>
  value === 'true' || value === 'false'
    ? withClause({ kind: 'missing', parameter, missing: value === 'true' })
    : withIssue(
        parameterIssue(
          'invalid',
          reading,
          name,
          `\`${name}\` takes \`true\` or \`false\`, not \`${value}\`.`,
        ),
      )

/** `url=http://example.org/ValueSet/1|2.0` asks for the version too. https://hl7.org/fhir/R4/search.html#uri */
const parseVersioned = (
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  value: string,
): ClausePart | undefined => {
  const version = parameter.code === 'url' && searchParameterOf(reading.type, 'version', reading.own)
  const addresses = alternativesOf(value).map((text) => splitRaw(text, '|'))
  if (!version || addresses.every(({ length }) => length === 1)) return undefined
  if (addresses.some(({ length }) => length > 2))
    return withIssue(
      parameterIssue(
        'invalid',
        reading,
        name,
        `\`${value}\` is no value of \`url\`: it takes a URI, and a version behind \`|\`.`,
      ),
    )
  const parts = addresses.map(([url = '', ...rest]) => [
    parseValues(reading, name, parameter, '', url),
    ...(rest.length > 0 ? [parseValues(reading, name, version, '', rest.join('|'))] : []),
  ])
  const issues = parts.flat().flatMap((part) => part.issues)
  if (issues.length > 0) return { issues }
  const both = parts.map((each) => each.flatMap(({ clause }) => clause ?? []))
  return withClause({ kind: 'any', clauses: both.map((clauses) => ({ kind: 'all', clauses })) })
}

const strayEscape = (value: string): boolean => value.replace(/\\[\\,$|]/g, '').includes('\\')

const parseValues = (
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  modifier: string,
  value: string,
): ClausePart => {
  if (strayEscape(value))
    return withIssue(
      parameterIssue(
        'invalid',
        reading,
        name,
        `\`${value.slice(0, 100)}\` has a backslash that escapes nothing: it stands before \`,\`, \`$\`, \`|\` or another. Write \`\\\\\` for one.`,
      ),
    )
  const rules = rulesOfType(parameter.type)
  if (!rules)
    return withIssue(
      parameterIssue('unsupported', reading, name, `\`${parameter.code}\` is known but not supported.`),
    )
  const asType = parameter.type === 'reference' && isTarget(parameter, modifier)
  const row = rowNamed(rules.modifiers, asType ? '' : modifier)
  if (!row) return withIssue(noModifier(reading, name, parameter, modifier, rules))
  if (namesAbsentSystem(parameter, modifier, value))
    return withFirmIssue(parameterIssue('invalid', reading, name, absentSystem(name, value, parameter)))
  const texts = alternativesOf(value)
  const values = texts.map((text) =>
    parseValue(row, rules, text, {
      parameter,
      modifier: asType ? modifier : '',
      base: reading.base,
      now: reading.now,
    }),
  )
  const issues = texts.filter((_, i) => !values[i]).map((text) => badValue(reading, name, text, row, rules))
  if (issues.length > 0) return { issues }
  return withClause({
    kind: 'value',
    parameter,
    modifier: asType ? '' : modifier,
    values: values.filter((each) => each !== undefined),
  })
}

/** A comma too many is no alternative, where another says something. */
const alternativesOf = (value: string): readonly string[] => {
  const texts = [...new Set(splitRaw(value, ','))]
  const written = texts.filter((text) => text !== '')
  return written.length > 0 ? written : texts
}

const parseValue = (
  row: Modifier<SearchValue>,
  rules: SearchRules,
  text: string,
  parsing: Parameters<SearchRules['parse']>[1],
): SearchValue | undefined => {
  if (text === '') return undefined
  return row.parse ? row.parse(text, parsing) : rules.parse(text, parsing)
}

const badValue = (
  reading: ParseContext,
  name: string,
  text: string,
  row: Modifier<SearchValue>,
  rules: SearchRules,
): Issue =>
  parameterIssue(
    'invalid',
    reading,
    name,
    `\`${text}\` is no value of \`${name}\`: it takes ${row.expects ?? rules.expects}.`,
  )

const noModifier = (
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  modifier: string,
  rules: SearchRules,
): Issue => {
  const known = [
    ...Object.keys(rules.modifiers).filter((row) => row !== ''),
    ...(parameter.type === 'composite' ? [] : ['missing']),
  ]
  const type = parameter.type === 'reference' ? ', and the type that it refers to' : ''
  const list = known.map((row) => `\`:${row}\``).join(', ') + type
  const what = rules.refused.includes(modifier)
    ? `The modifier \`:${modifier}\` of \`${parameter.code}\` is known but not supported.`
    : `\`:${modifier}\` is no modifier of \`${parameter.code}\`, a parameter of type ${parameter.type}.`
  return parameterIssue('unknown-modifier', reading, name, `${what} It takes ${list || 'none'}.`)
}
