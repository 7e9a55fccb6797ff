/** Compiles the invariants of the definitions into plain functions. */

import { childElementsOf, choiceName, contentBelow, type ElementNode, type Model } from './model.ts'
import { type ExpressionNode, parseFhirPath } from './path/fhirpath.ts'

/**
 * Rules that are not compiled: structure, contained resources, references and narrative have code of their own; `ctm-1`
 * would need the store to resolve a reference; `cid-0` is about a name, which a ChargeItemDefinition does not have.
 */
const elsewhere = /^(ele-1|ext-1|ref-1|dom-[2345]|txt-[12]|ctm-1|cid-0)$/

/** Rules whose published expression contradicts the definition's own text, value set or cardinality. */
const mended: Readonly<Record<string, string>> = {
  'app-4': "cancelationReason.exists() implies (status='noshow' or status='cancelled')",
  'bdl-8': "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
  // `in` takes one item, but an event may have several times of day.
  'tim-9': "offset.empty() or (when.exists() and when.where($this in ('C' | 'CM' | 'CD' | 'CV')).empty())",
}

/** JavaScript and its result: a list, a boolean, or a boolean that may be undefined. */
interface Code {
  js: string
  kind: 'list' | 'bool' | 'maybe'
  /** The types or inline elements that the items of a list may be; absent if unknown. */
  at?: Contents
}

type Contents = readonly string[] | undefined

interface CompileScope {
  model: Model
  /** The resource or data type that the invariant belongs to. */
  type: string
  /** The variable of `$this`. */
  item: string
  at: Contents
  depth: number
}

/**
 * Returns the module text: for each element path a function that makes its list of rules, so that only the rules in use
 * are compiled.
 */
export const writeInvariants = (model: Model): string => {
  const byPath = [...model.elements.values()]
    .map((element): [string, string[]] => [element.path, rulesOf(model, element)])
    .filter(([, rules]) => rules.length > 0)
  const body = byPath
    .map(([path, rules]) => `${JSON.stringify(path)}:()=>[\n${rules.join(',\n')}]`)
    .join(',\n')
  return `import * as f from '../path/collections.ts'\nexport const makeInvariants = {\n${body}\n}\n`
}

const rulesOf = (model: Model, element: ElementNode): string[] => {
  const [type = ''] = element.path.split('.')
  const at = element.path === type ? [type] : contentsBelow(element)
  const scope: CompileScope = { model, type, item: 'x', at, depth: 0 }
  return element.constraints
    .filter(({ key }) => !elsewhere.test(key))
    .map(({ key, severity, human, expression }) => {
      const node = parseFhirPath(mended[key] ?? expression)
      const { js } = toMaybe(compile(scope, node))
      return `{key:'${key}',severity:'${severity}',human:${JSON.stringify(human)},holds:(x,r)=>${js}}`
    })
}

const listCode = (js: string, at?: Contents): Code => ({ js, kind: 'list', ...(at && { at }) })
const bool = (js: string): Code => ({ js, kind: 'bool' })
const maybe = (js: string): Code => ({ js, kind: 'maybe' })

const toList = ({ js, kind }: Code): string => (kind === 'list' ? js : `f.wrap(${js})`)
const toMaybe = (code: Code): Code => (code.kind === 'list' ? maybe(`f.truth(${code.js})`) : code)

const compile = (scope: CompileScope, node: ExpressionNode): Code => {
  switch (node.kind) {
    case 'literal':
      return listCode(`[${JSON.stringify(node.value)}]`)
    case 'empty':
      return listCode('[]')
    case 'group':
      return compile(scope, node.inner)
    case 'variable':
      return variable(scope, node.name)
    case 'member':
      return memberExpression(scope, node)
    case 'index':
      return indexed(compile(scope, node.on), compile(scope, node.index))
    case 'type':
      return typeTest(scope, node.on, node.operator, node.type)
    case 'binary':
      return binary(scope, node)
    case 'call':
      return call(scope, node)
  }
}

/** Returns undefined for an element of type Resource, whose elements are unknown, since every resource is allowed. */
const contentsBelow = (element: ElementNode): Contents => {
  const codes = element.contentReference ? [''] : element.types.map(({ code }) => code)
  return codes.includes('Resource') ? undefined : codes.map((code) => contentBelow(element, code))
}

/** Returns the elements of that name in any of the contents. */
const constrainedElements = (
  { model }: CompileScope,
  at: readonly string[],
  name: string,
): readonly ElementNode[] =>
  at.flatMap((content) => childElementsOf(model, content).filter((element) => element.name === name))

/** In unknown contents, a name counts as a choice if the type has a choice of that name anywhere. */
const isChoiceIn = ({ model, type }: CompileScope, name: string): boolean =>
  [...model.elements.values()].some(
    ({ path, choice, name: own }) => choice && own === name && path.startsWith(`${type}.`),
  )

const variable = (scope: CompileScope, name: string): Code => {
  if (name === '$this') return listCode(`[${scope.item}]`, scope.at)
  if (name === '%context') return listCode('[x]')
  if (name === '%ucum') return listCode('["http://unitsofmeasure.org"]')
  if (name === '%resource') return listCode('[r]')
  throw new Error(`invariants do not know \`${name}\``)
}

const memberExpression = (scope: CompileScope, node: ExpressionNode & { kind: 'member' }): Code => {
  if (!node.on && /^[A-Z]/.test(node.name)) return listCode(`[${scope.item}]`, scope.at)
  const on = node.on ? compile(scope, node.on) : listCode(`[${scope.item}]`, scope.at)
  const found = on.at && constrainedElements(scope, on.at, node.name)
  const isChoice = found ? found.some(({ choice }) => choice) : isChoiceIn(scope, node.name)
  const contents = found?.map(contentsBelow)
  const at = contents?.includes(undefined) ? undefined : contents?.flatMap((each) => each ?? [])
  return listCode(`f.${isChoice ? 'choice' : 'memberValues'}(${toList(on)},'${node.name}')`, at)
}

const indexed = (on: Code, index: Code): Code =>
  listCode(`${toList(on)}.slice(${toList(index)}[0]).slice(0,1)`, on.at)

/** A type is tested by the JSON name of the choice: `probability is decimal` asks for `probabilityDecimal`. */
const typeTest = (scope: CompileScope, on: ExpressionNode, operator: 'is' | 'as', type: string): Code => {
  if (on.kind !== 'member') throw new Error('a type test needs a name')
  const parent = on.on ? toList(compile(scope, on.on)) : `[${scope.item}]`
  const found = `f.memberValues(${parent},'${choiceName(on.name, type)}')`
  return operator === 'as' ? listCode(found) : bool(`${found}.length>0`)
}

const comparisons: Readonly<Record<string, string>> = { '<': '<', '<=': '<=', '>': '>', '>=': '>=' }

const binary = (scope: CompileScope, node: ExpressionNode & { kind: 'binary' }): Code => {
  const [left, right] = [compile(scope, node.left), compile(scope, node.right)]
  const { operator } = node
  if (['and', 'or', 'xor', 'implies'].includes(operator))
    return logic(operator, toMaybe(left), toMaybe(right))
  const [a, b] = [toList(left), toList(right)]
  if (operator in comparisons) return maybe(`f.compare(${a},${b},(n)=>n${operator}0)`)
  switch (operator) {
    case '=':
      return left.kind === 'bool' && right.kind === 'bool'
        ? bool(`(${left.js})===(${right.js})`)
        : maybe(`f.equals(${a},${b})`)
    case '!=':
      return left.kind === 'bool' && right.kind === 'bool'
        ? bool(`(${left.js})!==(${right.js})`)
        : maybe(`f.not(f.equals(${a},${b}))`)
    case 'in':
      return maybe(`f.isIn(${a},${b})`)
    case 'contains':
      return maybe(`f.isIn(${b},${a})`)
    case '|':
      return listCode(`f.unionItems(${a},${b})`)
    case '+':
      return listCode(`f.addNumbers(${a},${b})`)
    case '&':
      return listCode(`f.joinTexts(${a},${b})`)
    default:
      throw new Error(`invariants do not know \`${operator}\``)
  }
}

/** Joins two conditions: plain booleans by JavaScript's own operators, which skip the right side if the left decides. */
const logic = (operator: string, left: Code, right: Code): Code => {
  const [a, b] = [left.js, right.js]
  if (operator === 'implies') return logic('or', negated(left), right)
  if (left.kind !== 'bool' || right.kind !== 'bool') return maybe(`f.${operator}(${a},${b})`)
  return bool(operator === 'xor' ? `(${a})!==(${b})` : `((${a})${operator === 'and' ? '&&' : '||'}(${b}))`)
}

const negated = ({ js, kind }: Code): Code => (kind === 'bool' ? bool(`!(${js})`) : maybe(`f.not(${js})`))

const call = (scope: CompileScope, node: ExpressionNode & { kind: 'call' }): Code => {
  const { name, args } = node
  const [first] = args
  const on = node.on ? compile(scope, node.on) : listCode(`[${scope.item}]`)
  if (name in withCriteria && first)
    return keeping(on, name, withCriteria[name]?.(toList(on), lambda({ ...scope, at: on.at }, first)) ?? on)
  if (name in plainCalls) return keeping(on, name, plainCalls[name]?.(on) ?? on)
  if (name === 'is' && first?.kind === 'member') return maybe(`f.isResourceOf(${toList(on)},'${first.name}')`)
  if (name === 'iif' && args[1]) return iif(scope, args)
  if (name in textCalls) return textCalls[name]?.(toList(on), args.map(literalCode)) ?? on
  const argument = first ? toList(compile(scope, first)) : '[]'
  if (name === 'startsWith' || name === 'contains') {
    const method = name === 'contains' ? 'includes' : name
    return maybe(`f.truth(f.onText(${toList(on)},(s)=>s.${method}(${argument}[0])))`)
  }
  if (name === 'combine') return listCode(`f.unionItems(${toList(on)},${argument})`)
  if (name === 'intersect') return listCode(`f.commonItems(${toList(on)},${argument})`)
  throw new Error(`invariants do not know \`${name}()\``)
}

/** The functions that return a part of their input. */
const keeps: ReadonlySet<string> = new Set(['where', 'trace', 'first', 'tail'])

const keeping = ({ at }: Code, name: string, code: Code): Code =>
  at && keeps.has(name) ? { ...code, at } : code

const iif = (scope: CompileScope, [test, then, otherwise]: readonly ExpressionNode[]): Code => {
  const value = (node: ExpressionNode | undefined): string =>
    node ? toMaybe(compile(scope, node)).js : 'undefined'
  return maybe(`(${value(test)}===true?${value(then)}:${value(otherwise)})`)
}

const lambda = (scope: CompileScope, node: ExpressionNode): { test: string; list: string } => {
  const item = `y${scope.depth}`
  const code = compile({ ...scope, item, depth: scope.depth + 1 }, node)
  return { test: `(${item})=>${toMaybe(code).js}===true`, list: `(${item})=>${toList(code)}` }
}

type InvariantCriteria = { test: string; list: string }
const withCriteria: Readonly<Record<string, (on: string, criteria: InvariantCriteria) => Code>> = {
  where: (on, { test }) => listCode(`${on}.filter(${test})`),
  exists: (on, { test }) => bool(`${on}.some(${test})`),
  all: (on, { test }) => bool(`${on}.every(${test})`),
  select: (on, criteria) => listCode(`${on}.flatMap(${criteria.list})`),
  trace: (on: string) => listCode(on),
}

/** The commonest question, whether an element of the context is there, takes no list. */
const simple = /^f\.memberValues\(\[(\w+)\],('\w+')\)$/
const exists = (on: string): string => {
  const [, item, name] = simple.exec(on) ?? []
  return item ? `f.has(${item},${name})` : `${on}.length>0`
}

const plainCalls: Readonly<Record<string, (on: Code) => Code>> = {
  exists: (on) => bool(exists(toList(on))),
  empty: (on) => bool(`!(${exists(toList(on))})`),
  not: (on) => negated(toMaybe(on)),
  count: (on) => listCode(`[${toList(on)}.length]`),
  hasValue: (on) => bool(`f.onText(${toList(on)},(s)=>s).length>0`),
  first: (on) => listCode(`${toList(on)}.slice(0,1)`),
  tail: (on) => listCode(`${toList(on)}.slice(1)`),
  isDistinct: (on) => bool(`f.isDistinct(${toList(on)})`),
  children: (on) => listCode(`f.children(${toList(on)})`),
  descendants: (on) => listCode(`f.descendants(${toList(on)})`),
  toInteger: (on) => listCode(`f.onText(${toList(on)},f.toInteger)`),
  toString: (on: Code) => listCode(`f.onText(${toList(on)},(s)=>s)`),
}

const literalCode = (node: ExpressionNode): string => (node.kind === 'literal' ? String(node.value) : '')

const textCalls: Readonly<Record<string, (on: string, args: readonly string[]) => Code>> = {
  matches: (on, [pattern = '']) =>
    maybe(`f.matchesWhole(${on},/^(?:${pattern.replace(/(?<!\\)\//g, '\\/')})$/)`),
  replaceMatches: (on, [pattern = '', text]) =>
    listCode(`f.onText(${on},(s)=>s.replace(/${pattern}/g,${JSON.stringify(text)}))`),
}
