/** https://hl7.org/fhir/R4/valueset.html#filters */

import { runInNewContext } from 'node:vm'
import { type Failure, failure } from '../outcome/failure.ts'
import type { Filter } from './resources.ts'
import { isA, isAbstract, isInactive, type Node, nodeOf, type System, valuesOf } from './system.ts'

/** Whether a code of the system passes. */
export type Passes = (node: Node) => boolean

/** Returns the test that a filter is. Fails where the operator is none of R4's, or makes no sense for the property. */
export const passesFilter = (system: System, filter: Filter): Passes => {
  const operator = Object.hasOwn(operators, filter.op) ? operators[filter.op] : undefined
  if (!operator) throw unknownOperator(filter)
  return operator(system, filter)
}

const unknownOperator = ({ op }: Filter): Failure =>
  failure(
    'invalid',
    `\`${op}\` is no operator of a value set's filter: R4 has ${Object.keys(operators).join(', ')}.`,
    'ValueSet.compose.include.filter.op',
  )

const itself = new Set(['concept', 'code'])

const ancestorsOf = ({ nodes }: System, node: Node, way: 'parents' | 'children'): readonly string[] => {
  const seen = new Set(node[way])
  for (const each of seen) for (const next of nodes.get(each)?.[way] ?? []) seen.add(next)
  return [...seen]
}

/** What a code has under a property's name: the code, its place in the hierarchy, or what was given with it. */
const valuesAt = (system: System, node: Node, name: string): readonly string[] => {
  if (itself.has(name)) return [node.code]
  const own = valuesOf(node, name)
  if (own.length > 0) return own
  return derived[name]?.(system, node) ?? []
}

const derived: Readonly<Record<string, (system: System, node: Node) => readonly string[]>> = {
  display: (_, { display }) => (display === undefined ? [] : [display]),
  definition: (_, { definition }) => (definition === undefined ? [] : [definition]),
  parent: (_, { parents }) => [...parents],
  child: (_, { children }) => [...children],
  ancestor: (system, node) => ancestorsOf(system, node, 'parents'),
  descendant: (system, node) => ancestorsOf(system, node, 'children'),
  inactive: (_, node) => [String(isInactive(node))],
  notSelectable: (_, node) => [String(isAbstract(node))],
}

const listed = (value: string): ReadonlySet<string> => new Set(value.split(',').map((code) => code.trim()))

/** The code that a filter names, as the system spells it. */
const named = (system: System, value: string): string => nodeOf(system, value)?.code ?? value

type Operator = (system: System, filter: Filter) => Passes

const below =
  (withItself: boolean): Operator =>
  (system, { property, value }) => {
    const top = named(system, value)
    return (node) =>
      valuesAt(system, node, property).some((code) => (withItself || code !== top) && isA(system, code, top))
  }

const not =
  (operator: Operator): Operator =>
  (system, filter) => {
    const passes = operator(system, filter)
    return (node) => !passes(node)
  }

const among: Operator = (system, { property, value }) => {
  const codes = listed(value)
  return (node) => valuesAt(system, node, property).some((each) => codes.has(each))
}

const equal: Operator = (system, { property, value }) => {
  const wanted = itself.has(property) ? named(system, value) : value
  return (node) => valuesAt(system, node, property).includes(wanted)
}

const exists: Operator = (system, { property, value }) => {
  if (value !== 'true' && value !== 'false')
    throw failure('invalid', `The filter \`exists\` takes \`true\` or \`false\`, not \`${value}\`.`)
  return (node) => valuesAt(system, node, property).length > 0 === (value === 'true')
}

/** Upwards: the code itself and what it lies below. */
const generalizes: Operator = (system, { value }) => {
  const bottom = named(system, value)
  return (node) => isA(system, bottom, node.code)
}

const longestPattern = 500
const milliseconds = 500

/** Somebody else's pattern may take for ever, so all values are held against it at once, with an end to it. */
const regex: Operator = (system, { property, value }) => {
  if (value.length > longestPattern)
    throw failure('too-costly', `A filter's regular expression may have ${longestPattern} characters.`)
  const texts = [...new Set([...system.nodes.values()].flatMap((node) => valuesAt(system, node, property)))]
  const found = new Set(matching(value, texts))
  return (node) => valuesAt(system, node, property).some((each) => found.has(each))
}

const script = 'const all = new RegExp("^(?:" + pattern + ")$", "u"); texts.filter((text) => all.test(text))'

const matching = (pattern: string, texts: readonly string[]): readonly string[] => {
  try {
    return runInNewContext(script, { pattern, texts }, { timeout: milliseconds })
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

const operators: Readonly<Record<string, Operator>> = {
  '=': equal,
  'is-a': below(true),
  'descendent-of': below(false),
  'is-not-a': not(below(true)),
  regex,
  in: among,
  'not-in': not(among),
  generalizes,
  exists,
}
