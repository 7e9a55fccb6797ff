/**
 * https://hl7.org/fhirpath/N1 — the only file that loads the FHIRPath engine, which is large: import this file only on
 * demand.
 */

import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import type { Resource } from '../definitions.ts'
import { refersTo } from '../values.ts'
import { patternFunctions } from './patterns.ts'

/** A node of the engine: a value together with its position in the resource. */
interface EngineNode {
  data: unknown
  fhirNodeDataType: string | null
  propName: string | null
  index: number | null
  parentResNode: EngineNode | null
}

/** The way from a resource to a value inside: member names and positions. */
export type ElementWay = readonly (string | number)[]

const isNode = (value: unknown): value is EngineNode =>
  typeof value === 'object' && value !== null && 'parentResNode' in value && 'propName' in value

/** The engine calls a choice by its name alone: `deceased` of `deceasedBoolean`. */
const jsonName = (parent: unknown, name: string): string => {
  if (typeof parent !== 'object' || parent === null || name in parent) return name
  const isChoice = (key: string): boolean => key.startsWith(name) && /[A-Z]/.test(key.charAt(name.length))
  return Object.keys(parent).find(isChoice) ?? name
}

const wayOf = ({ parentResNode, propName, index }: EngineNode): ElementWay => {
  if (!parentResNode) return []
  const step = propName === null ? [] : [jsonName(parentResNode.data, propName)]
  return [...wayOf(parentResNode), ...step, ...(index === null || index === undefined ? [] : [index])]
}

const reserved =
  /'(?:[^'\\]|\\.)*'|`[^`]*`|\.\s*(div|mod|and|or|xor|implies|(?:year|month|week|day|hour|minute|second|millisecond)s?)\b(?!\s*\()/g

/** Returns an expression with back quotes around elements whose names are words of FHIRPath: `Patient.text.div`. */
const quoted = (expression: string): string =>
  expression.replace(reserved, (all, name?: string) => (name === undefined ? all : `.\`${name}\``))

/**
 * Returns the ways to all values that an expression leads to; undefined for computed values. Throws if the text is no
 * FHIRPath.
 */
export const waysTo = (resource: object, expression: string): (ElementWay | undefined)[] => {
  const found = fhirpath.evaluate(resource, quoted(expression), undefined, r4, {
    resolveInternalTypes: false,
    userInvocationTable: patternFunctions,
  } as object) as unknown as unknown[]
  return found.map((value) => (isNode(value) ? wayOf(value) : undefined))
}

/** A value that an expression leads to, with the name of its type; further expressions start from the node. */
export interface FoundValue {
  type: string
  value: unknown
  node: unknown
}

/**
 * Rewrites an expression for R4's searches. They ask only for the type of a reference's target, which is known without
 * reading the target; and their `as` means all values of a type, while FHIRPath's allows a single value.
 */
const asSearchExpression = (expression: string): string =>
  quoted(expression)
    .replace(/\bresolve\(\)\s+is\s+(?:FHIR\.)?(\w+)/g, "pointsTo('$1')")
    .replace(/\bresolve\(\)\.is\(\s*(?:FHIR\.)?(\w+)\s*\)/g, "pointsTo('$1')")
    .replace(/\.as\(/g, '.ofType(')
    .replace(/\(([^()]*?)\s+as\s+(\w+)\)/g, '($1).ofType($2)')

type Evaluate = (input: unknown, variables?: object) => unknown[]

const compiled = new Map<string, Evaluate>()
const mostCompiled = 1000

const pointsToType = (inputs: readonly unknown[], type: string): boolean[] =>
  inputs.map((input) => {
    const node = isNode(input) ? input : undefined
    let root = node
    while (root?.parentResNode) root = root.parentResNode
    return refersTo(root?.data as Resource, node?.data as Record<string, unknown> | undefined, type)
  })

/** Returns the number of the engine's wrapper, which keeps the digits as written. */
const engineNumber = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'asStr' in value && 'value' in value ? value.value : value

/** Returns a computed value with its type; anything but a boolean or a number becomes text in FHIR's form. */
const computedValue = (computed: unknown): Omit<FoundValue, 'node'> => {
  const value = engineNumber(computed)
  if (typeof value === 'boolean') return { type: 'boolean', value }
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'decimal', value }
  return { type: /^\d{4}-\d\d-\d\dT/.test(String(value)) ? 'dateTime' : 'string', value: String(value) }
}

const evaluator = (expression: string): Evaluate => {
  const known = compiled.get(expression)
  if (known) return known
  const options = {
    resolveInternalTypes: false,
    userInvocationTable: {
      ...patternFunctions,
      pointsTo: { fn: pointsToType, arity: { 1: ['String'] }, internalStructures: true },
    },
  }
  const evaluate = fhirpath.compile(
    asSearchExpression(expression),
    r4,
    options as object,
  ) as unknown as Evaluate
  if (compiled.size >= mostCompiled) compiled.clear()
  compiled.set(expression, evaluate)
  return evaluate
}

/**
 * Returns the values that an expression leads to, from a resource or from a node inside. Throws if the text is no
 * FHIRPath.
 */
export const valuesBy = (resource: object, expression: string, from?: FoundValue): FoundValue[] =>
  evaluator(expression)(from ? from.node : resource, { resource }).map((value) =>
    isNode(value)
      ? { type: value.fhirNodeDataType ?? 'string', value: engineNumber(value.data), node: value }
      : { ...computedValue(value), node: value },
  )

/** An expression that was parsed once, to be evaluated often. Throws if the expression does not apply to the value. */
export type Compiled = (value: unknown, variables: Readonly<Record<string, unknown>>) => readonly unknown[]

/** Functions that an expression may call beside or in place of FHIRPath's own; `inputs` are the values before the dot. */
export type Functions = Readonly<
  Record<string, (inputs: readonly unknown[], argument: string) => readonly unknown[]>
>

/** Returns the expression parsed for values of a type (or at a path). Throws if the text is no FHIRPath. */
export const readFor = (expression: string, base: string, functions: Functions = {}): Compiled => {
  const own = Object.entries(functions).map(([name, fn]) => [
    name,
    { fn, arity: { [fn.length - 1]: fn.length > 1 ? ['String'] : [] } },
  ])
  const userInvocationTable = { ...patternFunctions, ...Object.fromEntries(own) }
  const evaluate = fhirpath.compile({ base, expression: quoted(expression) }, r4, {
    userInvocationTable,
  } as object)
  return (value, variables) => evaluate(value as object, variables) as unknown as unknown[]
}
/** A part of a parsed expression. */
export interface ExpressionPart {
  type: string
  text?: string
  children?: ExpressionPart[]
}

/** Returns an expression as a tree. Throws with the position if the text is no FHIRPath. */
export const treeOf = (expression: string): ExpressionPart =>
  fhirpath.parse(asSearchExpression(expression)) as unknown as ExpressionPart
