/**
 * The faults of a search parameter's expression that can be found without any resource,
 * https://hl7.org/fhir/R4/search.html#fhirpath
 */

import type { SearchType } from '../definitions.ts'
import { structureOf } from '../structure.ts'
import { type ExpressionPart, treeOf, valuesBy } from './fhirpath.ts'

/** The contents that an expression may lead to, by the names of their structures; undefined if unknown. */
type ReachedTypes = ReadonlySet<string> | undefined

interface ExpressionWalk {
  base: string
  faults: string[]
}

const keepingFunctions = new Set(['where', 'first', 'last', 'tail', 'single', 'distinct', 'skip', 'take'])
const typing = new Set(['ofType', 'as'])
const computing: ReadonlySet<string> = new Set(
  [
    'exists empty all allTrue anyTrue allFalse anyFalse count not hasValue is',
    'select combine union intersect exclude iif',
    'toString toInteger toDecimal toDate toDateTime toBoolean toQuantity',
    'indexOf substring startsWith endsWith contains upper lower replace length trim split join',
    'abs ceiling floor round truncate',
  ].flatMap((row) => row.split(' ')),
)

const pathChildren = (part: ExpressionPart | undefined): ExpressionPart[] => part?.children ?? []

const partName = (part: ExpressionPart): string => pathChildren(part)[0]?.text ?? part.text ?? ''

const unknownFunction = (name: string): string =>
  name === 'resolve'
    ? '`resolve()` is possible only as `resolve() is Type`: what is found must not depend on another resource.'
    : `\`${name}()\` is not possible in the expression of a search parameter.`

const memberTypes = ({ faults }: ExpressionWalk, from: ReachedTypes, name: string): ReachedTypes => {
  if (!from || from.has('Resource')) return undefined
  const elements = [...from].flatMap((content) => {
    const structure = structureOf(content)
    const found = structure?.elements.find((element) => element.name === name)
    const spelled = structure?.members.get(name)?.type
    return found?.types ?? (spelled ? [spelled] : [])
  })
  if (elements.length === 0)
    faults.push(`${[...from].map((each) => `\`${each}\``).join(' or ')} has no \`${name}\`.`)
  return elements.length === 0 ? undefined : new Set(elements.map(({ content }) => content))
}

/** Types above a resource's own. */
const above = new Set(['Resource', 'DomainResource'])

const startOf = (walk: ExpressionWalk, from: ReachedTypes, name: string): ReachedTypes => {
  if (name === walk.base || above.has(name)) return new Set([walk.base])
  // An operand of a union that begins with another type says nothing about the base.
  if (/^[A-Z]/.test(name) && structureOf(name)?.kind === 'resource') return undefined
  return memberTypes(walk, from, name)
}

const typeSpecifier = (part: ExpressionPart | undefined): string => (part?.text ?? '').replace(/^FHIR\./, '')

const callTypes = (walk: ExpressionWalk, part: ExpressionPart, from: ReachedTypes): ReachedTypes => {
  const functn = pathChildren(part)[0] ?? part
  const name = partName(functn)
  const params = pathChildren(pathChildren(functn)[1])
  if (typing.has(name)) return new Set([typeSpecifier(params[0])])
  if (name === 'pointsTo') return new Set(['boolean'])
  const known = keepingFunctions.has(name) || computing.has(name) || name === 'extension'
  if (!known) walk.faults.push(unknownFunction(name))
  for (const param of params) reachedBy(walk, param, from, false)
  if (name === 'extension') return new Set(['Extension'])
  return keepingFunctions.has(name) ? from : undefined
}

/** Returns the contents that a part of an expression leads to, and adds the part's faults to the walk. */
const reachedBy = (
  walk: ExpressionWalk,
  part: ExpressionPart,
  from: ReachedTypes,
  starts = true,
): ReachedTypes => {
  const [left, right] = pathChildren(part)
  switch (part.type) {
    case 'MemberInvocation':
      return starts ? startOf(walk, from, partName(part)) : memberTypes(walk, from, partName(part))
    case 'FunctionInvocation':
      return callTypes(walk, part, from)
    case 'ThisInvocation':
      return from
    case 'InvocationExpression':
      return right && left ? reachedBy(walk, right, reachedBy(walk, left, from, starts), false) : undefined
    case 'IndexerExpression':
      return left && reachedBy(walk, left, from, starts)
    case 'TypeExpression':
      if (left) reachedBy(walk, left, from, starts)
      return part.text === 'as' ? new Set([typeSpecifier(right)]) : undefined
    case 'UnionExpression':
      return both(...pathChildren(part).map((child) => reachedBy(walk, child, from, starts)))
    case 'EntireExpression':
    case 'TermExpression':
    case 'InvocationTerm':
    case 'ParenthesizedTerm':
      return left && reachedBy(walk, left, from, starts)
    default:
      for (const child of pathChildren(part)) reachedBy(walk, child, from, starts)
      return undefined
  }
}

const both = (...all: readonly ReachedTypes[]): ReachedTypes => {
  const known = all.filter((each) => each !== undefined)
  return known.length > 0 ? new Set(known.flatMap((each) => [...each])) : undefined
}

const textTypes = 'string markdown code id uri url canonical oid uuid'

/** The types of elements in which values of each search type can be found. */
const fittingTypes: Readonly<Partial<Record<SearchType, ReadonlySet<string>>>> = Object.fromEntries(
  Object.entries({
    token: `${textTypes} boolean Coding CodeableConcept Identifier ContactPoint integer positiveInt unsignedInt`,
    reference: 'Reference canonical uri url oid uuid Resource',
    date: 'date dateTime instant Period Timing',
    string: `${textTypes} HumanName Address`,
    number: 'integer decimal positiveInt unsignedInt Range',
    quantity: 'Quantity Age Duration Distance Count Money SimpleQuantity Range SampledData',
    uri: 'uri url canonical oid uuid',
  }).map(([type, names]) => [type, new Set(names.split(' '))]),
)

const listText = (names: Iterable<string>): string => [...names].map((name) => `\`${name}\``).join(', ')

const unfit = (type: SearchType, found: ReachedTypes): string[] => {
  const wanted = fittingTypes[type]
  if (!wanted || !found || [...found].some((name) => name === 'Extension' || wanted.has(name))) return []
  return [
    `It leads to ${listText(found)}; a parameter of type \`${type}\` finds values in ${listText(wanted)}.`,
  ]
}

/** Returns the faults of an expression by which a parameter of a search type finds values in resources of a type. */
export const expressionFaults = (expression: string, base: string, type: SearchType): string[] => {
  const walk: ExpressionWalk = { base, faults: [] }
  try {
    const tree = treeOf(expression)
    const found = reachedBy(walk, tree, new Set([base]))
    valuesBy({ resourceType: base }, expression)
    return walk.faults.length > 0 ? walk.faults : unfit(type, found)
  } catch (thrown) {
    if (walk.faults.length > 0) return walk.faults
    return [`It is no FHIRPath: ${(thrown as Error).message.replace(/\s+/g, ' ').slice(0, 200)}`]
  }
}

/** Returns the contents that an expression leads to in resources of a type; undefined if unknown. */
export const contentsOf = (expression: string, base: string): ReachedTypes =>
  reachedBy({ base, faults: [] }, treeOf(expression), new Set([base]))

/** Returns the faults of a component's expression, which starts from the contents that its composite leads to. */
export const componentFaults = (expression: string, from: ReachedTypes, type: SearchType): string[] => {
  const walk: ExpressionWalk = { base: '', faults: [] }
  try {
    const found = reachedBy(walk, treeOf(expression), from, false)
    return walk.faults.length > 0 ? walk.faults : unfit(type, found)
  } catch (thrown) {
    return [`It is no FHIRPath: ${(thrown as Error).message.replace(/\s+/g, ' ').slice(0, 200)}`]
  }
}
