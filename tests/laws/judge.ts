import type { Known } from '../search/hospital.ts'
import { base } from '../search/hospital.ts'
import { homeOf, placeOf, seenFrom } from './inside.ts'
import { type Json, linkOf, matchesOne, type Parameter, sortKeys } from './matching.ts'

/** Parameters by type and code. */
export type Parameters = Readonly<Record<string, Readonly<Record<string, Parameter>>>>

/** Judges resources by reading all of them, with no index and no plan. */
export interface Judge {
  /** Returns whether a resource satisfies one `name=value` of a search; chains and `_has` too. */
  satisfies(resource: Known, name: string, value: string): boolean
  /** Returns a negative or positive number where the sort keys tell two resources apart, else zero. */
  compareBy(sort: string, a: Known, b: Known): number
}

/** Returns the judge for these parameters, over these resources by `Type/id`, or `Type/id#id` of what is inside another. */
export const judgeOf = (parameters: Parameters, present: ReadonlyMap<string, Known>): Judge => {
  const parameterOf = (type: string, code: string): Parameter => {
    const parameter = parameters[type]?.[code]
    if (!parameter) throw new Error(`${type}.${code} has no path`)
    return parameter
  }

  const valuesIn = (resource: Known, { kind, values }: Parameter): readonly unknown[] =>
    kind === 'reference' ? values(resource).map((value) => seenFrom(resource, value)) : values(resource)

  /** `url|version` names that version, `url` the highest; of two with the same the one that was changed last. */
  const namedBy = (text: string): string | undefined => {
    const [url, version] = text.split('|')
    const rank = ({ version: own = '0', meta, id }: Known): string =>
      [String(own).padStart(3, '0'), (meta as Json).lastUpdated, id].join(' ')
    const all = [...present.values()].filter((each) => each.url === url && homeOf(each) === undefined)
    const fitting = all.filter((each) => version === undefined || each.version === version)
    const [newest] = fitting.sort((a, b) => (rank(a) < rank(b) ? 1 : -1))
    return newest && placeOf(newest)
  }

  const linksOf = (resource: Known, code: string): readonly string[] => {
    const parameter = parameterOf(resource.resourceType, code)
    return valuesIn(resource, parameter)
      .map((value) => (parameter.canonical ? namedBy(String(value)) : linkOf(value, base)))
      .filter((link) => link !== undefined)
  }

  const knows = (type: string, name: string): boolean => {
    const [code = ''] = name.split(/[:.]/)
    return code === '_has' || parameters[type]?.[code] !== undefined
  }

  const satisfiesChain = (resource: Known, link: string, rest: string, value: string): boolean => {
    const [code = '', type] = link.split(':')
    return linksOf(resource, code)
      .map((key) => present.get(key))
      .some(
        (target) =>
          target !== undefined &&
          (type === undefined || target.resourceType === type) &&
          knows(target.resourceType, rest) &&
          satisfies(target, rest, value),
      )
  }

  const satisfiesHas = (resource: Known, name: string, value: string): boolean => {
    const [, type, link = '', ...rest] = name.split(':')
    return [...present.values()].some(
      (other) =>
        other.resourceType === type &&
        homeOf(other) === undefined &&
        linksOf(other, link).includes(placeOf(resource)) &&
        satisfies(other, rest.join(':'), value),
    )
  }

  const satisfies = (resource: Known, name: string, value: string): boolean => {
    if (name.startsWith('_has:')) return satisfiesHas(resource, name, value)
    const dot = name.indexOf('.')
    if (dot > 0) return satisfiesChain(resource, name.slice(0, dot), name.slice(dot + 1), value)
    const [code = '', modifier = ''] = name.split(':')
    const parameter = parameterOf(resource.resourceType, code)
    const values = valuesIn(resource, parameter)
    if (modifier === 'missing') return (values.length === 0) === (value === 'true')
    const some = value
      .split(',')
      .some((text) => values.some((found) => matchesOne(parameter, modifier, text, found)))
    return modifier === 'not' || modifier === 'not-in' ? !some : some
  }

  const sortValue = (resource: Known, code: string, descending: boolean): string | number | undefined => {
    const parameter = parameterOf(resource.resourceType, code)
    const keys = valuesIn(resource, parameter).flatMap((value) => sortKeys(parameter, value))
    const sorted = keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return descending ? sorted.at(-1) : sorted[0]
  }

  const compareBy = (sort: string, a: Known, b: Known): number => {
    for (const key of sort.split(',')) {
      const descending = key.startsWith('-')
      const code = descending ? key.slice(1) : key
      const [left, right] = [sortValue(a, code, descending), sortValue(b, code, descending)]
      if (left === right) continue
      const lower = left === undefined || (right !== undefined && left < right)
      return lower === descending ? 1 : -1
    }
    return 0
  }

  return { satisfies, compareBy }
}
