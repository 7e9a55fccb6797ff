/** Resources of every type that hold, now and then, something for every search parameter. */

import {
  childElementsOf,
  choiceName,
  contentBelow,
  type ElementNode,
} from '../../../src/fhir/generate/model.ts'
import type { ElementRoute, TypeParameter } from '../../../src/fhir/generate/parameters.ts'
import { type Dice, dice } from '../../../src/local/demo/dice.ts'
import type { Known } from '../../search/hospital.ts'
import type { Json } from '../matching.ts'
import { knownParameters, model } from './knowledge.ts'
import { made } from './values.ts'

/** How many resources of each type there are. */
export const perType = 10

/** Returns what stands at an element, made if need be: the last of many, or now and then another one. */
const stepInto = (d: Dice, node: Json, name: string, many: boolean): Json => {
  if (!many) {
    node[name] ??= {}
    return node[name] as Json
  }
  const items = (node[name] ?? []) as Json[]
  node[name] = items
  if (items.length === 0 || d.chance(0.3)) items.push({})
  return items.at(-1) as Json
}

const place = (
  d: Dice,
  node: Json,
  { name, choice, max, types }: ElementNode,
  type: string,
  value: unknown,
) => {
  for (const other of choice ? types : []) delete node[choiceName(name, other.code)]
  const own = choice ? choiceName(name, type) : name
  if (max === 1) node[own] = value
  else node[own] = [...(d.chance(0.7) ? ((node[own] ?? []) as unknown[]) : []), value].slice(-3)
}

/** `type='depends-on'` says something of the element that has such a child. */
const fulfil = (conditions: readonly string[], nodes: readonly [type: string, node: Json][]): void => {
  for (const condition of conditions) {
    const [, name = '', wanted] = /^(\w+)='(.*)'$/.exec(condition) ?? []
    const owner = nodes.findLast(([type]) =>
      childElementsOf(model, type).some((child) => child.name === name),
    )
    if (owner && wanted !== undefined) owner[1][name] = wanted
  }
}

/** An extension within an extension holds the value of the inner one. */
const plantExtension = (d: Dice, root: Json, { conditions }: ElementRoute, kind: string): void => {
  const name = {
    token: 'valueCoding',
    string: 'valueString',
    date: 'valueDateTime',
    reference: 'valueReference',
  }[kind]
  const type = String(name).replace('value', '').replace('String', 'string').replace('DateTime', 'dateTime')
  const inner: Json = { url: conditions.at(-1), [String(name)]: made(d, type, {}) }
  const whole = conditions.length > 1 ? { url: conditions[0], extension: [inner] } : inner
  root.extension = [...((root.extension ?? []) as Json[]), whole]
}

/** Puts a value of a parameter where one of its routes leads. */
const plant = (d: Dice, root: Json, { type: kind, targets }: TypeParameter, route: ElementRoute): void => {
  const { path, type, conditions } = route
  const [start = '', ...steps] = path.split('.')
  if (steps.length === 0 || path.includes('[')) return
  if (type === 'Extension') {
    plantExtension(d, root, route, kind)
    return
  }
  const nodes: [string, Json][] = [[start, root]]
  for (const [i, step] of steps.entries()) {
    const [from, node] = nodes.at(-1) as [string, Json]
    const element = childElementsOf(model, from).find(({ name }) => name === step)
    if (!element) return
    const only = element.types.length === 1 ? (element.types[0]?.code ?? '') : 'CodeableConcept'
    if (i < steps.length - 1) {
      const name = element.choice ? choiceName(step, only) : step
      for (const other of element.choice ? element.types : [])
        if (other.code !== only) delete node[choiceName(step, other.code)]
      nodes.push([contentBelow(element, only), stepInto(d, node, name, element.max > 1)])
      continue
    }
    const wanted = conditions.map((each) => /^resolve\(\) is (\w+)$/.exec(each)?.[1]).find(Boolean)
    const value = made(d, type, { targets: wanted ? [wanted] : targets, kind })
    const own = typeof value === 'object' ? ([[type, value as Json]] as [string, Json][]) : []
    fulfil(conditions, [...nodes, ...own])
    place(d, node, element, type, value)
  }
}

/** Returns a resource that has something for so large a part of its type's parameters. */
export const grown = (type: string, id: string, d: Dice, share = 0.5): Known => {
  const root: Known = { resourceType: type, id }
  for (const parameter of knownParameters.get(type) ?? []) {
    if (parameter.type === 'composite' || ['_id', '_lastUpdated'].includes(parameter.code)) continue
    if (!d.chance(parameter.code.startsWith('_') ? 0.2 : share)) continue
    plant(d, root as unknown as Json, parameter, d.pick(parameter.routes))
  }
  return root
}

type Link = Json & { reference: string }

const linksIn = (value: unknown): Link[] => {
  if (typeof value !== 'object' || value === null) return []
  const own = typeof (value as Json).reference === 'string' ? [value as Link] : []
  return [...own, ...Object.values(value).flatMap(linksIn)]
}

const typeAt = ({ reference }: Link): string => /^([A-Z]\w+)\//.exec(reference)?.[1] ?? ''

const holdsOthers = (type: string): boolean =>
  childElementsOf(model, type).some(({ name }) => name === 'contained')

/** Some links lead to what is inside the resource, which may link back to it or to others inside. */
const nested = (d: Dice, root: Known): Known => {
  if (!holdsOthers(root.resourceType) || !d.chance(0.4)) return root
  const links = linksIn(root).filter((link) => model.resourceTypes.includes(typeAt(link)))
  if (links.length === 0) return root
  const chosen = [...new Set([d.pick(links), d.pick(links)])]
  const inner = chosen.map((link, i) => {
    const made = grown(typeAt(link), `c${i + 1}`, d, 0.3)
    link.reference = `#c${i + 1}`
    return made
  })
  for (const link of linksIn(inner)) {
    const beside = inner.find(({ resourceType }) => resourceType === typeAt(link))
    if (typeAt(link) === root.resourceType && d.chance(0.6)) link.reference = '#'
    else if (beside && d.chance(0.6)) link.reference = `#${beside.id}`
  }
  return { ...root, contained: inner }
}

/** Returns some resources of every type, the same for the same seed. */
export const grownResources = (seed: number): Known[] =>
  model.resourceTypes.flatMap((type, n) =>
    Array.from({ length: perType }, (_, i) => {
      const d = dice(seed, n, i)
      return nested(d, grown(type, String(i + 1), d))
    }),
  )
