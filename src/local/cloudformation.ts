// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'

/** What a template holds once its short tags are spelled out: `!Ref X` is `{ Ref: 'X' }`. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainRecord
export interface PlainRecord {
  readonly [name: string]: Plain
}

/** What references mean: the values of parameters, resources and pseudo parameters by their names. */
export interface Scope {
  ref(name: string): Plain | undefined
  attribute(name: string): Plain | undefined
  condition(name: string): boolean
}

/** Turns a template's YAML into plain data; fails when the YAML does not parse. */
export const parseTemplate = (text: string): PlainRecord => {
  const document = parseDocument(text, { logLevel: 'silent' })
  const first = document.errors[0]
  if (first) throw new Error(`The template does not parse: ${first.message}`)
  return record(plain(document.contents))
}

const plain = (node: Node | null | undefined): Plain => {
  const value = content(node)
  const tag = node?.tag
  return tag === undefined || !/^![A-Z]/.test(tag)
    ? value
    : { [intrinsicName(tag.slice(1))]: argument(tag, value) }
}

const content = (node: Node | null | undefined): Plain => {
  if (isMap(node))
    return Object.fromEntries(node.items.map((pair) => [String(pair.key), plain(pair.value as Node | null)]))
  if (isSeq(node)) return node.items.map((item) => plain(item as Node))
  if (isAlias(node)) throw new Error('CloudFormation templates have no aliases.')
  return isScalar(node) ? (node.value as Plain) : null
}

const intrinsicName = (tag: string): string => (tag === 'Ref' || tag === 'Condition' ? tag : `Fn::${tag}`)

const argument = (tag: string, value: Plain): Plain =>
  tag === '!GetAtt' && typeof value === 'string' ? value.split('.') : value

/** Returns the value with every reference resolved; what resolves to `AWS::NoValue` is left out. */
export const resolve = (value: Plain, scope: Scope): Plain => resolved(value, scope) ?? null

const resolved = (value: Plain, scope: Scope): Plain | undefined => {
  if (isList(value)) return value.map((item) => resolved(item, scope)).filter((item) => item !== undefined)
  if (!isRecord(value)) return value
  const [name, ...others] = Object.keys(value)
  const intrinsic = name !== undefined && others.length === 0 ? intrinsics[name] : undefined
  return intrinsic ? intrinsic(value[name as string] as Plain, scope) : resolvedRecord(value, scope)
}

const resolvedRecord = (value: PlainRecord, scope: Scope): Plain =>
  Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const result = resolved(item, scope)
      return result === undefined ? [] : [[name, result] as const]
    }),
  )

const intrinsics: Record<string, (argument: Plain, scope: Scope) => Plain | undefined> = {
  Ref: (name, scope) => scope.ref(String(name)),
  'Fn::GetAtt': (path, scope) => scope.attribute(list(path).join('.')),
  'Fn::Sub': (text, scope) =>
    String(text).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) =>
      String(name.includes('.') ? scope.attribute(name) : scope.ref(name)),
    ),
  'Fn::If': (choice, scope) => {
    const [condition, yes, no] = list(choice)
    return resolved((scope.condition(String(condition)) ? yes : no) ?? null, scope)
  },
  'Fn::Equals': (pair, scope) => {
    const [left, right] = list(pair).map((item) => resolved(item, scope))
    return left === right
  },
  'Fn::Not': (one, scope) => !resolved(list(one)[0] ?? null, scope),
}

const isList = (value: Plain | undefined): value is readonly Plain[] => Array.isArray(value)
const isRecord = (value: Plain | undefined): value is PlainRecord =>
  typeof value === 'object' && value !== null && !isList(value)

/** Returns the value as a record; absent and other values are an empty one. */
export const record = (value: Plain | undefined): PlainRecord => (isRecord(value) ? value : {})

/** Returns the value as a list; absent and other values are an empty one. */
export const list = (value: Plain | undefined): readonly Plain[] => (isList(value) ? value : [])
