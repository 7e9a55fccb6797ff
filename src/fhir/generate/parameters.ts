/** A search parameter of a resource type: the official definition cut down to that type. */

import type { SearchParameter, SearchType } from '../definitions.ts'
import type { Model } from './model.ts'
import { type ExpressionNode, parseFhirPath } from './path/fhirpath.ts'
import { type PathPlace, type PathWalk, visitPath } from './path/paths.ts'
import type { SearchParameterDefinition, SourceDefinitions } from './source.ts'

/** A search parameter with the facts that only the generator needs. */
export interface TypeParameter extends SearchParameter {
  /** The FHIRPath expression, the part that concerns this resource type. */
  expression: string
  node: ExpressionNode
  /** Every way to a value: path, type and conditions. */
  routes: readonly ElementRoute[]
  /** For composites: the ways to a value of the parameter that each component names. */
  parts?: readonly (readonly ElementRoute[])[]
}

export interface ElementRoute {
  path: string
  type: string
  conditions: readonly string[]
}

/** Returns the variable `r` that holds the resource, as the place where every path starts. */
export const rootPlace = (type: string): PathPlace => ({
  js: 'r',
  type,
  path: type,
  conditions: [],
  depth: 0,
})

/** Returns all parameters of the resource type; for `Resource`, the parameters of every type. */
export const typeParametersOf = (
  definitions: SourceDefinitions,
  model: Model,
  type: string,
): TypeParameter[] => {
  const own = definitions.searchParameters.filter(({ base, expression }) => expression && base.includes(type))
  const parameters = own.map((definition) => typeParameter(definitions, model, definition, type))
  return parameters.sort((a, b) => (a.code < b.code ? -1 : 1))
}

const typeParameter = (
  definitions: SourceDefinitions,
  model: Model,
  definition: SearchParameterDefinition,
  type: string,
): TypeParameter => {
  const { code, url, component } = definition
  const expression = partFor(definition.expression ?? '', type)
  const node = parseFhirPath(expression)
  const routes = routesIn(model, type, expression)
  const targets = definition.type === 'reference' ? referenceTargetsOf(definition, model, routes) : undefined
  const named = component?.map((part) => componentParameter(definitions, part))
  const parts = named?.map((each) => routesIn(model, type, partFor(each.expression ?? '', type)))
  const components =
    named && parts && compositeComponentsOf({ model, type, node, named, parts, expressions: component })
  const elements = oddElements(definition.type, routes)
  return {
    code,
    type: definition.type as SearchType,
    url,
    expression,
    ...(targets && { targets }),
    ...(components && { components }),
    ...(elements && { elements }),
    node,
    routes,
    ...(parts && { parts }),
  }
}

/** Returns the operands of the expression's top-level union that begin with the type, or with no type at all. */
const partFor = (expression: string, type: string): string => {
  const operands = operandsOf(parseFhirPath(expression))
  const own = operands.filter((operand) => firstName(operand) === type || /^[a-z]/.test(firstName(operand)))
  if (own.length === 0) throw new Error(`\`${expression}\` says nothing of \`${type}\``)
  return own.map(({ start, end }) => expression.slice(start, end)).join(' | ')
}

const operandsOf = (node: ExpressionNode): ExpressionNode[] =>
  node.kind === 'binary' && node.operator === '|'
    ? [...operandsOf(node.left), ...operandsOf(node.right)]
    : [node]

const firstName = (node: ExpressionNode): string => {
  if (node.kind === 'group') return firstName(node.inner)
  if (node.kind === 'binary') return firstName(node.left)
  if ('on' in node && node.on) return firstName(node.on)
  return node.kind === 'member' ? node.name : ''
}

const elementPlacesOf = (walk: PathWalk, node: ExpressionNode, from: PathPlace): PathPlace[] => {
  const places: PathPlace[] = []
  visitPath(walk, node, from, (place) => {
    places.push(place)
    return ''
  })
  return places
}

const routesIn = (model: Model, type: string, expression: string): ElementRoute[] => {
  const walk = { model, text: expression, root: rootPlace(type) }
  return elementPlacesOf(walk, parseFhirPath(expression), walk.root).map(
    ({ path, type: found, conditions }): ElementRoute => ({ path, type: found, conditions }),
  )
}

/** Returns whether any of the routes leads to the place, by whatever conditions. */
export const leadsToElement = (routes: readonly ElementRoute[], { path, type }: PathPlace): boolean =>
  routes.some((route) => route.path === path && route.type === type)

/** The element types that a search type usually finds, to which the general rules of the search type apply. */
const usualElements: Readonly<Record<string, readonly string[]>> = {
  token: ['CodeableConcept', 'Coding', 'code', 'Identifier'],
  reference: ['Reference'],
}

/** Returns the types of the elements of a token or a reference, if any of them is unusual. */
const oddElements = (type: string, routes: readonly ElementRoute[]): readonly string[] | undefined => {
  const usual = usualElements[type]
  const types = [...new Set(routes.map((route) => route.type))].sort()
  return usual && types.some((each) => !usual.includes(each)) ? types : undefined
}

/** Returns the official targets that the elements themselves allow; undefined where any type may be the target. */
const referenceTargetsOf = (
  definition: SearchParameterDefinition,
  model: Model,
  routes: readonly ElementRoute[],
): readonly string[] | undefined => {
  const reachable = routes.map((route) => reachableFrom(model, route))
  const official = definition.target ?? model.resourceTypes
  const allowed = official.filter((target) => reachable.some((types) => !types || types.includes(target)))
  const targets = allowed.length > 0 ? allowed : official
  return targets.length >= model.resourceTypes.length - 1 ? undefined : [...targets].sort()
}

/** Returns the types that a value at the end of the route may point to; undefined if any type is allowed. */
const reachableFrom = (model: Model, { path, conditions }: ElementRoute): readonly string[] | undefined => {
  const resolved = conditions.map((condition) => /^resolve\(\) is (\w+)$/.exec(condition)?.[1])
  const named = resolved.filter((name) => name !== undefined)
  if (named.length > 0) return named
  const types = model.elements.get(path)?.types ?? model.elements.get(`${path}[x]`)?.types ?? []
  const targets = types.flatMap((type) => type.targets)
  return targets.length === 0 || targets.includes('Resource') ? undefined : targets
}

type SourceComponent = NonNullable<SearchParameter['components']>[number]

const componentParameter = (
  definitions: SourceDefinitions,
  { definition }: { definition: string },
): SearchParameterDefinition => {
  const found = definitions.searchParameters.find(({ url }) => url === definition)
  if (!found) throw new Error(`component \`${definition}\` is not defined`)
  return found
}

interface Composite {
  model: Model
  type: string
  /** The elements that the composite is about. */
  node: ExpressionNode
  named: readonly SearchParameterDefinition[]
  parts: readonly (readonly ElementRoute[])[]
  expressions: readonly { expression: string }[] | undefined
}

/**
 * Returns a composite's components. The parameters that they name decide: R4 gives `DocumentReference-relationship`
 * its two expressions the wrong way round. Fails where no expression finds values of a component's parameter.
 */
const compositeComponentsOf = ({
  model,
  type,
  node,
  named,
  parts,
  expressions = [],
}: Composite): SourceComponent[] => {
  const root = rootPlace(type)
  const elements = elementPlacesOf({ model, text: '', root }, node, root)
  const finds = (expression: string, routes: readonly ElementRoute[]): boolean =>
    elements.every((element) =>
      elementPlacesOf({ model, text: expression, root }, parseFhirPath(expression), element).some((place) =>
        leadsToElement(routes, place),
      ),
    )
  return named.map(({ code, type: searchType }, i) => {
    const own = expressions[i]?.expression ?? ''
    const routes = parts[i] ?? []
    const expression = [own, ...expressions.map((each) => each.expression)].find((each) =>
      finds(each, routes),
    )
    if (expression === undefined) throw new Error(`\`${own}\` finds nothing of \`${code}\` of ${type}`)
    return { code, type: searchType as SearchType, expression }
  })
}
