import type { SearchParameter } from '../../fhir/definitions.ts'
import { isResourceType, resourceTypes } from '../../fhir/types.ts'
import type { Issue } from '../../outcome/failure.ts'
import { asBundleClause, findsFirstEntry } from '../index/first-entry.ts'
import { searchParameterOf } from '../index/lists.ts'
import type { ChainTarget, Clause, SearchValue } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { rulesOfType } from '../types/index.ts'
import type { Modifier, SearchRules } from '../types/rules.ts'
import { splitRaw } from './escapes.ts'
import {
  type ClausePart,
  complaint,
  isFollowed,
  isUsable,
  nameTypes,
  noLink,
  type Reading,
  tryWays,
  unknownParameter,
} from './reading.ts'
import { parseSpecial } from './special.ts'

const wrong = (issue: Issue): ClausePart => ({ issues: [issue] })
const firmly = (issue: Issue): ClausePart => ({ issues: [issue], firm: true })
const right = (clause: Clause): ClausePart => ({ clause, issues: [] })

/** Returns the clause that one parameter of a search asks for: plain, with a modifier, chained, or `_has`. */
export const parseClause = (reading: Reading, name: string, value: string): ClausePart => {
  if (name.startsWith('_has:')) return parseHas(reading, name, value)
  const special = parseSpecial(reading, name, value, parseClause)
  if (special) return special
  const dot = name.indexOf('.')
  const [code = '', modifier, ...more] = (dot < 0 ? name : name.slice(0, dot)).split(':')
  const parameter = searchParameterOf(reading.type, code, reading.own)
  if (!parameter) return wrong(unknownParameter(reading, name, code))
  if (more.length > 0)
    return wrong(
      complaint('unknown-modifier', reading, name, `\`${code}\` takes one modifier, not \`${name}\`.`),
    )
  if (dot >= 0) return parseChain(reading, name, parameter, modifier, name.slice(dot + 1), value)
  if (value === '') return wrong(complaint('invalid', reading, name, `\`${name}\` has no value.`))
  if (modifier === 'missing' && parameter.type !== 'composite')
    return parseMissing(reading, name, parameter, value)
  return (
    (modifier === undefined && parseVersioned(reading, name, parameter, value)) ||
    parseValues(reading, name, parameter, modifier ?? '', value)
  )
}

const parseMissing = (
  reading: Reading,
  name: string,
  parameter: SearchParameter,
  value: string,
): ClausePart =>
  value === 'true' || value === 'false'
    ? right({ kind: 'missing', parameter, missing: value === 'true' })
    : wrong(complaint('invalid', reading, name, `\`${name}\` takes \`true\` or \`false\`, not \`${value}\`.`))

/** `url=http://example.org/ValueSet/1|2.0` asks for the version too. https://hl7.org/fhir/R4/search.html#uri */
const parseVersioned = (
  reading: Reading,
  name: string,
  parameter: SearchParameter,
  value: string,
): ClausePart | undefined => {
  const version = parameter.code === 'url' && searchParameterOf(reading.type, 'version', reading.own)
  const addresses = alternatives(value).map((text) => splitRaw(text, '|'))
  if (!version || addresses.every(({ length }) => length === 1)) return undefined
  if (addresses.some(({ length }) => length > 2))
    return wrong(
      complaint(
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
  return right({ kind: 'any', clauses: both.map((clauses) => ({ kind: 'all', clauses })) })
}

const strayEscape = (value: string): boolean => value.replace(/\\[\\,$|]/g, '').includes('\\')

const parseValues = (
  reading: Reading,
  name: string,
  parameter: SearchParameter,
  modifier: string,
  value: string,
): ClausePart => {
  if (strayEscape(value))
    return wrong(
      complaint(
        'invalid',
        reading,
        name,
        `\`${value.slice(0, 100)}\` has a backslash that escapes nothing: it stands before \`,\`, \`$\`, \`|\` or another. Write \`\\\\\` for one.`,
      ),
    )
  const rules = rulesOfType(parameter.type)
  if (!rules)
    return wrong(complaint('unsupported', reading, name, `\`${parameter.code}\` is known but not supported.`))
  const asType = parameter.type === 'reference' && isTarget(parameter, modifier)
  const row = rowNamed(rules.modifiers, asType ? '' : modifier)
  if (!row) return wrong(noModifier(reading, name, parameter, modifier, rules))
  if (hasNoSystem(parameter, modifier) && splitRaw(value, '|').length > 1)
    return firmly(complaint('invalid', reading, name, noSystem(name, value, parameter)))
  const texts = alternatives(value)
  const values = texts.map((text) =>
    readValue(row, rules, text, {
      parameter,
      modifier: asType ? modifier : '',
      base: reading.base,
      now: reading.now,
    }),
  )
  const issues = texts.filter((_, i) => !values[i]).map((text) => badValue(reading, name, text, row, rules))
  if (issues.length > 0) return { issues }
  return right({
    kind: 'value',
    parameter,
    modifier: asType ? '' : modifier,
    values: values.filter((each) => each !== undefined),
  })
}

/** A comma too many is no alternative, where another says something. */
const alternatives = (value: string): readonly string[] => {
  const texts = [...new Set(splitRaw(value, ','))]
  const written = texts.filter((text) => text !== '')
  return written.length > 0 ? written : texts
}

/** https://hl7.org/fhir/R4/search.html#token: "the presence of the pipe symbol SHALL NOT be used" */
const withoutSystem: ReadonlySet<string> = new Set(['ContactPoint', 'uri', 'boolean'])

const hasNoSystem = ({ type, elements }: SearchParameter, modifier: string): boolean =>
  type === 'token' &&
  (modifier === '' || modifier === 'not') &&
  elements?.every((element) => withoutSystem.has(element)) === true

const noSystem = (name: string, value: string, { elements = [] }: SearchParameter): string =>
  `\`${value}\` is no value of \`${name}\`: what it finds, of type ${elements.join(' or ')}, has no system, so that it takes a value without \`|\`.`

const readValue = (
  row: Modifier<SearchValue>,
  rules: SearchRules,
  text: string,
  parsing: Parameters<SearchRules['parse']>[1],
): SearchValue | undefined => {
  if (text === '') return undefined
  return row.parse ? row.parse(text, parsing) : rules.parse(text, parsing)
}

const isTarget = ({ targets }: SearchParameter, modifier: string): boolean =>
  isResourceType(modifier) && (targets === undefined || targets.includes(modifier))

const badValue = (
  reading: Reading,
  name: string,
  text: string,
  row: Modifier<SearchValue>,
  rules: SearchRules,
): Issue =>
  complaint(
    'invalid',
    reading,
    name,
    `\`${text}\` is no value of \`${name}\`: it takes ${row.expects ?? rules.expects}.`,
  )

const noModifier = (
  reading: Reading,
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
  return complaint('unknown-modifier', reading, name, `${what} It takes ${list || 'none'}.`)
}

/** https://hl7.org/fhir/R4/search.html#chaining */
const parseChain = (
  reading: Reading,
  name: string,
  parameter: SearchParameter,
  modifier: string | undefined,
  rest: string,
  value: string,
): ClausePart => {
  if (parameter.type !== 'reference')
    return firmly(
      complaint(
        'unknown-parameter',
        reading,
        name,
        `\`${parameter.code}\` is no reference, so nothing can be chained to it.`,
      ),
    )
  if (modifier !== undefined && !isTarget(parameter, modifier))
    return wrong(
      complaint('unknown-modifier', reading, name, `\`${parameter.code}\` cannot point to \`${modifier}\`.`),
    )
  const types = modifier !== undefined ? [modifier] : (parameter.targets ?? resourceTypes)
  return chainTo(reading, name, parameter, types, rest, value)
}

/** What is part of a resource has no lists by a tenant's own parameters. */
const withoutOwn = ({ own: _, ...reading }: Reading): Reading => reading

/** Without a type, the rest of the chain may hold for any type that has such a parameter. */
const chainTo = (
  reading: Reading,
  name: string,
  parameter: SearchParameter,
  types: readonly string[],
  rest: string,
  value: string,
): ClausePart => {
  const tried = tryWays(reading, types) ? types : []
  const inner = findsFirstEntry(parameter) ? withoutOwn(reading) : reading
  const parts = tried.map((type) => ({ type, part: parseClause({ ...inner, type }, rest, value) }))
  if (reading.ways.left < 0)
    return wrong(complaint('too-costly', reading, name, `\`${name}\` is not followed: ${nameTypes}.`))
  const targets: ChainTarget[] = parts.flatMap(({ type, part }) =>
    part.clause ? [{ type, clause: part.clause }] : [],
  )
  if (targets.length > 0)
    return findsFirstEntry(parameter)
      ? intoPart(reading, name, parameter, targets)
      : right({ kind: 'chain', parameter, targets })
  const only = types.length === 1 ? parts[0]?.part : undefined
  const issues = only?.issues ?? []
  return issues.length > 0
    ? {
        issues: issues.map((issue) => ({ ...issue, expression: `${reading.type}?${name}` })),
        ...((only?.firm || issues.some(leadsNowhere)) && { firm: true }),
      }
    : firmly(
        complaint(
          'unknown-parameter',
          reading,
          name,
          `Nothing that \`${parameter.code}\` can point to has the parameter \`${rest}\` with such a value.`,
        ),
      )
}

/** A chain that ends in a name that nobody knows leads nowhere, however much is left out elsewhere. */
const leadsNowhere = ({ kind }: Issue): boolean => kind === 'unknown-parameter'

/** What is part of the resource is judged in it, and not followed. */
const intoPart = (
  reading: Reading,
  name: string,
  parameter: SearchParameter,
  targets: readonly ChainTarget[],
): ClausePart => {
  const clauses = targets.flatMap(({ type, clause }) => asBundleClause(parameter, type, clause) ?? [])
  const [clause] = clauses
  if (clause && clauses.length === 1) return right(clause)
  return firmly(
    complaint(
      'unsupported',
      reading,
      name,
      `\`${parameter.code}\` leads to the first entry of the Bundle, which is searched by the parameters of its elements alone.`,
    ),
  )
}

/** https://hl7.org/fhir/R4/search.html#has */
const parseHas = (reading: Reading, name: string, value: string): ClausePart => {
  const [, type = '', code = '', ...rest] = name.split(':')
  if (!isResourceType(type) || rest.length === 0)
    return firmly(
      complaint('invalid', reading, name, '`_has` is written `_has:Type:reference:parameter=value`.'),
    )
  const parameter = searchParameterOf(type, code, reading.own)
  const expression = `${reading.type}?${name}`
  if (!parameter || !isFollowed(parameter))
    return firmly({ ...noLink({ ...reading, type }, name, code, parameter), expression })
  if (parameter.targets && !parameter.targets.includes(reading.type))
    return firmly(
      complaint(
        'invalid',
        reading,
        name,
        `\`${code}\` of ${type} cannot point to ${reading.type}, but to ${parameter.targets.join(', ')}.`,
      ),
    )
  const { clause, issues, firm } = parseClause({ ...reading, type }, rest.join(':'), value)
  if (!clause || !isUsable(issues))
    return {
      issues: issues.map((issue) => ({ ...issue, expression })),
      ...((firm || issues.some(leadsNowhere)) && { firm: true }),
    }
  return right({ kind: 'has', type, parameter, clause })
}
