/** Judges resources straight by R4's definitions, as slow as that is: no table, no compiled rule of the server is used. */
import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import type { SourceElement } from '../../src/fhir/generate/source.ts'
import {
  boundTo,
  children,
  codeOf,
  elements,
  isObject,
  isPrimitive,
  type Json,
  jsonTypes,
  patterns,
  resources,
  roots,
  typeUrl,
} from './oracle-definitions.ts'
import { otherwise } from './otherwise.ts'

/** A fault: what kind of rule is broken, or which invariant, and where. */
export interface Fault {
  rule: string
  at: string
}

/** The nearest resource, and the one that it is contained in. */
interface Around {
  resource: Json
  rootResource: Json
}

/** Where a value stands: the element, the type that is meant, the expression, and what is around. */
interface Seat {
  element: SourceElement
  type: string
  at: string
  around: Around
}

/** What a value is judged by. */
type Judge<Value> = (value: Value, seat: Seat) => Fault[]

const when = (isFault: boolean, rule: string, at: string): Fault[] => (isFault ? [{ rule, at }] : [])

const compiled = new Map<string, ReturnType<typeof fhirpath.compile>>()

/** R4 takes `as` for a filter of lists, the engine for a cast of one thing. */
const readable = (expression: string): string => expression.replaceAll('.as(', '.ofType(')

const compile = (base: string, expression: string) =>
  fhirpath.compile({ base, expression: readable(expression) }, r4, {
    async: false,
    traceFn: () => undefined,
  } as object)

/** A rule that cannot be judged, because what it is about is malformed, counts as kept: that is told as such. */
const holds = (value: unknown, base: string, expression: string, around: Around): boolean => {
  const key = `${base} ${expression}`
  const run = compiled.get(key) ?? compile(base, expression)
  compiled.set(key, run)
  try {
    return (run(value as object, around) as unknown[])[0] === true
  } catch {
    return true
  }
}

/** Rules that are judged as structure, or that the engine cannot judge: `htmlChecks`, and following references. */
const unjudged = new Set(['ele-1', 'ref-1', 'txt-1', 'txt-2', 'ctm-1'])

const judgeRules = (value: unknown, element: SourceElement, base: string, { at, around }: Seat): Fault[] =>
  (element.constraint ?? [])
    .filter(({ key, severity }) => severity === 'error' && !unjudged.has(key) && !otherwise.test(key))
    .flatMap(({ key, expression }) => when(!holds(value, base, expression, around), key, at))

const judgePrimitive: Judge<unknown> = (value, { type, element, at }) => {
  if (typeof value !== (jsonTypes[type] ?? 'string')) return [{ rule: 'type', at }]
  const pattern = type === 'xhtml' ? undefined : patterns.get(type)
  if (value === '' || (pattern && !pattern.test(String(value)))) return [{ rule: 'format', at }]
  const codes = type === 'code' ? boundTo(element) : undefined
  return when(codes !== undefined && ![...codes].some((code) => code.split('|')[1] === value), 'code', at)
}

const judgeCoded: Judge<Json> = (value, { type, element, at }) => {
  const codes = type === 'Coding' || type === 'CodeableConcept' ? boundTo(element) : undefined
  if (!codes) return []
  const codings = type === 'Coding' ? [value] : [value.coding].flat().filter(isObject)
  return when(!codings.some(({ system, code }) => codes.has(`${system}|${code}`)), 'code', at)
}

const judgeLocal = (id: string, { at, around }: Seat): Fault[] => {
  const ids = [around.rootResource.contained].flat().map((each) => (isObject(each) ? each.id : undefined))
  return when(id !== '' && !ids.includes(id), 'ref-1', at)
}

const judgeReference: Judge<Json> = ({ reference }, seat) => {
  if (seat.type !== 'Reference' || typeof reference !== 'string') return []
  if (reference.startsWith('#')) return judgeLocal(reference.slice(1), seat)
  const [, target] = /^([A-Z]\w+)\/[\w.-]+(\/_history\/[\w.-]+)?$/.exec(reference) ?? []
  if (!target) return []
  const use = seat.element.type?.find(({ code }) => code === 'Reference')
  const allowed = use?.targetProfile?.map((profile) => profile.slice(typeUrl.length)) ?? ['Resource']
  const isAllowed = resources.has(target) && (allowed.includes('Resource') || allowed.includes(target))
  return when(!isAllowed, 'target', seat.at)
}

const judgeResource = (value: Json, at: string, around: Around): Fault[] => {
  const type = String(value.resourceType)
  const root = roots.get(type)
  if (!resources.has(type) || !root) return [{ rule: 'type', at }]
  const isContained = /\.contained(\[\d+\])?$/.test(at)
  const inside: Around = { resource: value, rootResource: isContained ? around.rootResource : value }
  const seat = { element: root, type, at, around: inside }
  return [...judgeMembers(value, type, seat), ...judgeRules(value, root, type, seat)]
}

const judgeValue: Judge<unknown> = (value, seat) => {
  const { type, element, at, around } = seat
  if (isPrimitive(type)) return judgePrimitive(value, seat)
  if (!isObject(value)) return [{ rule: 'type', at }]
  if (resources.has(type) || type === 'Resource') return judgeResource(value, at, around)
  const place = element.contentReference?.slice(1) ?? (children.has(element.path) ? element.path : type)
  return [
    ...judgeCoded(value, seat),
    ...judgeReference(value, seat),
    ...judgeMembers(value, place, seat),
    ...judgeRules(value, roots.get(place) ?? elements.get(place) ?? element, place, seat),
  ]
}

/** A JSON name that an element may have, and the type that it stands for. */
interface Option {
  name: string
  type: string
}

const optionsOf = (element: SourceElement): Option[] => {
  const name = element.path.slice(element.path.lastIndexOf('.') + 1)
  if (element.contentReference) return [{ name, type: '' }]
  return (element.type ?? []).map((use) => {
    const type = codeOf(use, element.path)
    return { type, name: name.replace('[x]', type.charAt(0).toUpperCase() + type.slice(1)) }
  })
}

const judgeElement = (value: Json, element: SourceElement, { at, around }: Seat): Fault[] => {
  const given = optionsOf(element).filter(({ name }) => name in value || `_${name}` in value)
  return [
    ...when(given.length > 1, 'choice', at),
    ...when(given.length < element.min, 'min', element.path),
    ...given.flatMap(({ name, type }) =>
      judgeMember(value[name], value[`_${name}`], { element, type, at: `${at}.${name}`, around }),
    ),
  ]
}

const judgeMembers = (value: Json, place: string, seat: Seat): Fault[] => {
  const below = children.get(place) ?? []
  const names = below
    .flatMap(optionsOf)
    .flatMap(({ name, type }) => (isPrimitive(type) ? [name, `_${name}`] : [name]))
  const known = new Set([...names, ...(resources.has(place) ? ['resourceType'] : [])])
  return [
    ...when(Object.keys(value).length === 0, 'empty', seat.at),
    ...below.flatMap((element) => judgeElement(value, element, seat)),
    ...Object.keys(value).flatMap((name) => when(!known.has(name), 'unknown', `${seat.at}.${name}`)),
  ]
}

/** Judges one value, and what stands beside it: the `id` and `extension` of a primitive. */
const judgeOne = (value: unknown, companion: unknown, seat: Seat): Fault[] => {
  const hasValue = value !== undefined && (value !== null || companion === undefined)
  const judged = hasValue ? judgeValue(value, seat) : []
  if (companion === undefined) return [...judged, ...when(!hasValue, 'empty', seat.at)]
  return [
    ...judged,
    ...(isObject(companion) ? judgeMembers(companion, 'Element', seat) : [{ rule: 'type', at: seat.at }]),
  ]
}

const shapeFault = (value: unknown, repeats: boolean): string | undefined => {
  if (value === undefined) return undefined
  if (Array.isArray(value) !== repeats) return 'list'
  return Array.isArray(value) && value.length === 0 ? 'empty' : undefined
}

const judgeMember = (given: unknown, beside: unknown, seat: Seat): Fault[] => {
  const { element, at } = seat
  const repeats = element.max !== '1'
  const wrong = shapeFault(given, repeats) ?? shapeFault(beside, repeats)
  if (wrong) return [{ rule: wrong, at }]
  if (!repeats) return judgeOne(given, beside ?? undefined, seat)
  const [values, companions] = [(given ?? []) as unknown[], (beside ?? []) as unknown[]]
  const count = Math.max(values.length, companions.length)
  const most = Number(element.max.replace('*', 'Infinity'))
  return [
    ...when(values.length > most, 'max', at),
    ...Array.from({ length: count }, (_, i) =>
      judgeOne(values[i], companions[i] ?? undefined, { ...seat, at: `${at}[${i}]` }),
    ).flat(),
  ]
}

/** Returns what R4's definitions find wrong with a resource. */
export const faultsOf = (resource: Json): Fault[] =>
  judgeResource(resource, String(resource.resourceType), { resource, rootResource: resource })
