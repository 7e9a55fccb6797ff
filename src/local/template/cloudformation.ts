// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html

/** A template's data, with `!Ref X` as `{ Ref: 'X' }`. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainRecord
export interface PlainRecord {
  readonly [name: string]: Plain
}

/** The values of parameters, resources, pseudo parameters and conditions by their names; undefined is `AWS::NoValue`. */
export interface ReferenceScope {
  ref(name: string): Plain | undefined
  attribute(name: string): Plain | undefined
  condition(name: string): boolean
}

/** Returns the value with every reference resolved; parts that resolve to `AWS::NoValue` are omitted. */
export const resolveReferences = (value: Plain, scope: ReferenceScope): Plain =>
  resolvedValue(value, scope) ?? null

const resolvedValue = (value: Plain, scope: ReferenceScope): Plain | undefined => {
  if (isList(value))
    return value.map((item) => resolvedValue(item, scope)).filter((item) => item !== undefined)
  if (!isRecord(value)) return value
  const [name, ...others] = Object.keys(value)
  if (name === undefined || others.length > 0) return resolvedRecord(value, scope)
  const intrinsic = intrinsics[name]
  if (intrinsic) return intrinsic(value[name] as Plain, scope)
  if (name.startsWith('Fn::')) throw new Error(`The local stack does not know ${name}.`)
  return resolvedRecord(value, scope)
}

const resolvedRecord = (value: PlainRecord, scope: ReferenceScope): Plain =>
  Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const result = resolvedValue(item, scope)
      return result === undefined ? [] : [[name, result] as const]
    }),
  )

const resolvedList = (value: Plain, scope: ReferenceScope): readonly Plain[] =>
  plainList(resolvedValue(value, scope))

/**
 * Returns the text of `Fn::Sub` with `${A}` and `${A.B}` replaced, also by the names that the second part of the list
 * form declares.
 */
const substituted = (argument: Plain, scope: ReferenceScope): string => {
  const [text, names] = isList(argument) ? argument : [argument]
  const own = recordOrEmpty(resolvedValue(names ?? null, scope))
  return String(text).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`
    const value = name in own ? own[name] : name.includes('.') ? scope.attribute(name) : scope.ref(name)
    return String(value)
  })
}

const intrinsics: Record<string, (argument: Plain, scope: ReferenceScope) => Plain | undefined> = {
  Ref: (name, scope) => scope.ref(String(name)),
  'Fn::GetAtt': (path, scope) => scope.attribute(plainList(path).join('.')),
  'Fn::Sub': substituted,
  'Fn::Select': (argument, scope) => {
    const [index, items] = resolvedList(argument, scope)
    return plainList(items)[Number(index)]
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = resolvedList(argument, scope)
    return String(text).split(String(separator))
  },
  'Fn::Join': (argument, scope) => {
    const [separator, items] = resolvedList(argument, scope)
    return plainList(items).join(String(separator))
  },
  'Fn::If': (choice, scope) => {
    const [condition, yes, no] = plainList(choice)
    return resolvedValue((scope.condition(String(condition)) ? yes : no) ?? null, scope)
  },
  'Fn::Equals': (pair, scope) => {
    const [left, right] = resolvedList(pair, scope)
    return left === right
  },
  'Fn::Not': (one, scope) => resolvedList(one, scope)[0] !== true,
  Condition: (name, scope) => scope.condition(String(name)),
}

const isList = (value: Plain | undefined): value is readonly Plain[] => Array.isArray(value)
const isRecord = (value: Plain | undefined): value is PlainRecord =>
  typeof value === 'object' && value !== null && !isList(value)

/** Returns the value if it is a record, otherwise an empty record. */
export const recordOrEmpty = (value: Plain | undefined): PlainRecord => (isRecord(value) ? value : {})

/** Returns the value if it is a list, otherwise an empty list. */
export const plainList = (value: Plain | undefined): readonly Plain[] => (isList(value) ? value : [])
