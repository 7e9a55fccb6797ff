/** https://hl7.org/fhir/R4/valueset.html#filters */

import { runInNewContext } from 'node:vm'
import { type Failure, failure } from '../../outcome/failure.ts'
import type { ComposeFilter } from '../resources.ts'
import {
  type CodeNode,
  type CodeSystemGraph,
  isAbstract,
  isInactive,
  isSameOrBelow,
  nodeOf,
  propertyValues,
} from './graph.ts'

/** Whether a code of the system passes. */
export type Passes = (node: CodeNode) => boolean

/** Returns the test of a filter. Fails if R4 has no such operator, or if the operator does not fit the property. */
export const passesFilter = (system: CodeSystemGraph, filter: ComposeFilter): Passes => {
  const operator = Object.hasOwn(composeOperators, filter.op) ? composeOperators[filter.op] : undefined
  if (!operator) throw unknownOperator(filter)
  return operator(system, filter)
}

const unknownOperator = ({ op }: ComposeFilter): Failure =>
  failure(
    'invalid',
    `\`${op}\` is no operator of a value set's filter: R4 has ${Object.keys(composeOperators).join(', ')}.`,
    'ValueSet.compose.include.filter.op',
  )

const itself = new Set(['concept', 'code'])

const ancestorsOf = (
  { nodes }: CodeSystemGraph,
  node: CodeNode,
  way: 'parents' | 'children',
): readonly string[] => {
  const seen = new Set(node[way])
  for (const each of seen) for (const next of nodes.get(each)?.[way] ?? []) seen.add(next)
  return [...seen]
}

/**
 * Returns the values of a code's property: the code, its place in the hierarchy, or stored property values.
 */
const valuesAt = (system: CodeSystemGraph, node: CodeNode, name: string): readonly string[] => {
  if (itself.has(name)) return [node.code]
  const own = propertyValues(node, name)
  if (own.length > 0) return own
  return derivedValues[name]?.(system, node) ?? []
}

const derivedValues: Readonly<
  Record<string, (system: CodeSystemGraph, node: CodeNode) => readonly string[]>
> = {
  display: (_, { display }) => (display === undefined ? [] : [display]),
  definition: (_, { definition }) => (definition === undefined ? [] : [definition]),
  parent: (_, { parents }) => [...parents],
  child: (_, { children }) => [...children],
  ancestor: (system, node) => ancestorsOf(system, node, 'parents'),
  descendant: (system, node) => ancestorsOf(system, node, 'children'),
  inactive: (_, node) => [String(isInactive(node))],
  notSelectable: (_, node) => [String(isAbstract(node))],
}

const codesInList = (value: string): ReadonlySet<string> =>
  new Set(value.split(',').map((code) => code.trim()))

/** Returns the code of a filter in the code system's own case. */
const codeAsSpelled = (system: CodeSystemGraph, value: string): string => nodeOf(system, value)?.code ?? value

type ComposeOperator = (system: CodeSystemGraph, filter: ComposeFilter) => Passes

const descendsFrom =
  (withItself: boolean): ComposeOperator =>
  (system, { property, value }) => {
    const top = codeAsSpelled(system, value)
    return (node) =>
      valuesAt(system, node, property).some(
        (code) => (withItself || code !== top) && isSameOrBelow(system, code, top),
      )
  }

const negate =
  (operator: ComposeOperator): ComposeOperator =>
  (system, filter) => {
    const passes = operator(system, filter)
    return (node) => !passes(node)
  }

const among: ComposeOperator = (system, { property, value }) => {
  const codes = codesInList(value)
  return (node) => valuesAt(system, node, property).some((each) => codes.has(each))
}

const hasValue: ComposeOperator = (system, { property, value }) => {
  const wanted = itself.has(property) ? codeAsSpelled(system, value) : value
  return (node) => valuesAt(system, node, property).includes(wanted)
}

const hasProperty: ComposeOperator = (system, { property, value }) => {
  if (value !== 'true' && value !== 'false')
    throw failure('invalid', `The filter \`exists\` takes \`true\` or \`false\`, not \`${value}\`.`)
  return (node) => valuesAt(system, node, property).length > 0 === (value === 'true')
}

/** Passes the code of the filter and its ancestors. */
const generalizes: ComposeOperator = (system, { value }) => {
  const bottom = codeAsSpelled(system, value)
  return (node) => isSameOrBelow(system, bottom, node.code)
}

const longestPattern = 500
const patternTimeout = 500

/** A client's pattern may run for ever, so all values are matched in one script with a time limit. */
const regex: ComposeOperator = (system, { property, value }) => {
  if (value.length > longestPattern)
    throw failure('too-costly', `A filter's regular expression may have ${longestPattern} characters.`)
  const texts = [...new Set([...system.nodes.values()].flatMap((node) => valuesAt(system, node, property)))]
  const found = new Set(matchingTexts(value, texts))
  return (node) => valuesAt(system, node, property).some((each) => found.has(each))
}

const script = 'const all = new RegExp("^(?:" + pattern + ")$", "u"); texts.filter((text) => all.test(text))'

const matchingTexts = (pattern: string, texts: readonly string[]): readonly string[] => {
  try {
    return runInNewContext(script, { pattern, texts }, { timeout: patternTimeout })
  } catch (thrown) {
    const overtime = (thrown as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    throw overtime
      ? failure(
          'too-costly',
          `The regular expression \`${pattern}\` takes too long over the codes there are.`,
        )
      : failure('invalid', `\`${pattern}\` is no regular expression.`)
  }
}

const composeOperators: Readonly<Record<string, ComposeOperator>> = {
  '=': hasValue,
  'is-a': descendsFrom(true),
  'descendent-of': descendsFrom(false),
  'is-not-a': negate(descendsFrom(true)),
  regex,
  in: among,
  'not-in': negate(among),
  generalizes,
  exists: hasProperty,
}
