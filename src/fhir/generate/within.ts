/** Finds the parameters whose values are all included in the values of further parameters of the same type. */

import type { ElementRoute, TypeParameter } from './parameters.ts'

/** The string parts that a search over a whole name or address looks at too. */
const stringParts: Readonly<Record<string, readonly string[]>> = {
  HumanName: ['family', 'given', 'prefix', 'suffix', 'text'],
  Address: ['city', 'country', 'district', 'line', 'postalCode', 'state', 'text'],
}

/** Returns, by code, the parameters that include all values of a parameter. */
export const findWithin = (parameters: readonly TypeParameter[]): Map<string, readonly string[]> => {
  const indexed = parameters.filter(isHeldWithin)
  const within = new Map<string, readonly string[]>()
  const holding = new Set<string>()
  const byLength = indexed.toSorted((a, b) => b.routes.length - a.routes.length)
  for (const find of [pathPartsOf, widerParametersOf]) {
    for (const parameter of byLength) {
      if (within.has(parameter.code) || holding.has(parameter.code)) continue
      const others = indexed.filter((other) => canHold(other, parameter) && !within.has(other.code))
      const holders = find(parameter, others)
      if (!holders) continue
      within.set(parameter.code, holders)
      for (const holder of holders) holding.add(holder)
    }
  }
  return within
}

/** Leaves out parameters over resources: each finds a different part of the resource at the same path. */
const isHeldWithin = ({ type, elements }: TypeParameter): boolean =>
  type !== 'composite' && type !== 'special' && !elements?.includes('Resource')

const canHold = (other: TypeParameter, parameter: TypeParameter): boolean =>
  other !== parameter && other.type === parameter.type

/** A union is covered by its parts: `combo-code` by `code` and `component-code`. */
const pathPartsOf = (
  union: TypeParameter,
  others: readonly TypeParameter[],
): readonly string[] | undefined => {
  const parts = others.filter((other) => isProperPart(other, union))
  return parts.length > 1 ? cover(union, parts) : undefined
}

const isProperPart = (part: TypeParameter, union: TypeParameter): boolean =>
  part.routes.length < union.routes.length &&
  part.routes.every((route) => union.routes.some((other) => holdsValuesOf(other, route)))

/** A narrower parameter is covered by a wider parameter: `patient` by `subject`, `email` by `telecom`. */
const widerParametersOf = (
  parameter: TypeParameter,
  others: readonly TypeParameter[],
): readonly string[] | undefined => cover(parameter, others)

/** Returns the fewest parameters, the first of equals, that together cover every route; undefined if they cannot. */
const cover = (parameter: TypeParameter, others: readonly TypeParameter[]): readonly string[] | undefined => {
  let open = parameter.routes
  const chosen: string[] = []
  while (open.length > 0) {
    const best = mostCovering(open, others)
    if (!best) return undefined
    chosen.push(best.code)
    open = open.filter((route) => !best.routes.some((other) => holdsValuesOf(other, route)))
  }
  return chosen.length > 0 ? chosen : undefined
}

const mostCovering = (
  open: readonly ElementRoute[],
  others: readonly TypeParameter[],
): TypeParameter | undefined => {
  const counted = others.map((other) => ({
    other,
    count: open.filter((route) => other.routes.some((own) => holdsValuesOf(own, route))).length,
  }))
  const [best] = counted.toSorted((a, b) => b.count - a.count)
  return best && best.count > 0 ? best.other : undefined
}

const holdsValuesOf = (wide: ElementRoute, narrow: ElementRoute): boolean =>
  wide.conditions.every((condition) => narrow.conditions.includes(condition)) &&
  ((wide.path === narrow.path && wide.type === narrow.type) || holdsPart(wide, narrow))

const holdsPart = (wide: ElementRoute, narrow: ElementRoute): boolean =>
  stringParts[wide.type]?.some((part) => narrow.path === `${wide.path}.${part}`) ?? false
