// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html

/** A template's data, in which `!Ref X` is `{ Ref: 'X' }`. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainRecord
export interface PlainRecord {
  readonly [name: string]: Plain
}

/** The values of parameters, resources, pseudo parameters and conditions by their names; undefined is `AWS::NoValue`. */
export interface Scope {
  ref(name: string): Plain | undefined
  attribute(name: string): Plain | undefined
  condition(name: string): boolean
}

/** Returns the value with every reference resolved; what resolves to `AWS::NoValue` is left out. */
export const resolve = (value: Plain, scope: Scope): Plain => resolved(value, scope) ?? null

const resolved = (value: Plain, scope: Scope): Plain | undefined => {
  if (isList(value)) return value.map((item) => resolved(item, scope)).filter((item) => item !== undefined)
  if (!isRecord(value)) return value
  const [name, ...others] = Object.keys(value)
  if (name === undefined || others.length > 0) return resolvedRecord(value, scope)
  const intrinsic = intrinsics[name]
  if (intrinsic) return intrinsic(value[name] as Plain, scope)
  if (name.startsWith('Fn::')) throw new Error(`The local stack does not know ${name}.`)
  return resolvedRecord(value, scope)
}

const resolvedRecord = (value: PlainRecord, scope: Scope): Plain =>
  Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const result = resolved(item, scope)
      return result === undefined ? [] : [[name, result] as const]
    }),
  )

const listOf = (value: Plain, scope: Scope): readonly Plain[] => list(resolved(value, scope))

/** `${A}`, `${A.B}`, and the names that the second part of the list form declares. */
const substituted = (argument: Plain, scope: Scope): string => {
  const [text, names] = isList(argument) ? argument : [argument]
  const own = record(resolved(names ?? null, scope))
  return String(text).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`
    const value = name in own ? own[name] : name.includes('.') ? scope.attribute(name) : scope.ref(name)
    return String(value)
  })
}

const intrinsics: Record<string, (argument: Plain, scope: Scope) => Plain | undefined> = {
  Ref: (name, scope) => scope.ref(String(name)),
  'Fn::GetAtt': (path, scope) => scope.attribute(list(path).join('.')),
  'Fn::Sub': substituted,
  'Fn::Select': (argument, scope) => {
    const [index, items] = listOf(argument, scope)
    return list(items)[Number(index)]
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = listOf(argument, scope)
    return String(text).split(String(separator))
  },
  'Fn::Join': (argument, scope) => {
    const [separator, items] = listOf(argument, scope)
    return list(items).join(String(separator))
  },
  'Fn::If': (choice, scope) => {
    const [condition, yes, no] = list(choice)
    return resolved((scope.condition(String(condition)) ? yes : no) ?? null, scope)
  },
  'Fn::Equals': (pair, scope) => {
    const [left, right] = listOf(pair, scope)
    return left === right
  },
  'Fn::Not': (one, scope) => listOf(one, scope)[0] !== true,
  Condition: (name, scope) => scope.condition(String(name)),
}

const isList = (value: Plain | undefined): value is readonly Plain[] => Array.isArray(value)
const isRecord = (value: Plain | undefined): value is PlainRecord =>
  typeof value === 'object' && value !== null && !isList(value)

/** Returns the value as a record; absent and other values are an empty one. */
export const record = (value: Plain | undefined): PlainRecord => (isRecord(value) ? value : {})

/** Returns the value as a list; absent and other values are an empty one. */
export const list = (value: Plain | undefined): readonly Plain[] => (isList(value) ? value : [])
