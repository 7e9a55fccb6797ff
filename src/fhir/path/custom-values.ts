/**
 * The values of search parameters that a tenant has defined at run time, found by FHIRPath: import this file only on
 * demand, since the engine is large.
 */

import type { OwnValues, Resource, SearchParameter, SearchType, TypedValue } from '../definitions.ts'
import { put, putExtension } from '../values.ts'
import { type FoundValue, valuesBy } from './fhirpath.ts'

/** The definition of a tenant's own parameter, as far as finding its values needs. */
export interface OwnDefinition {
  code: string
  type: SearchType
  url: string
  expression: string
  targets?: readonly string[]
  components?: readonly { code: string; type: SearchType; expression: string }[]
  /** The name of the parameter's lists. */
  list: string
}

/** The engine's own type names, which computed values and ids have, with the FHIR types for them. */
const systemTypes: Readonly<Record<string, string>> = {
  'System.String': 'string',
  'System.Boolean': 'boolean',
  'System.Integer': 'integer',
  'System.Decimal': 'decimal',
  'System.Date': 'date',
  'System.DateTime': 'dateTime',
  'System.Time': 'time',
}

/** Returns the value of an extension in place of the extension. */
const typed = ({ type, value }: FoundValue): TypedValue[] => {
  const values: TypedValue[] = []
  if (type === 'Extension') putExtension(values, value as Record<string, unknown>)
  else put(values, systemTypes[type] ?? type, value)
  return values
}

/** Returns no values if the expression cannot be evaluated for a resource, such as a sum of texts. */
const leniently = <T>(values: () => T[]): T[] => {
  try {
    return values()
  } catch {
    return []
  }
}

const customValuesIn =
  (expression: string): OwnValues['of'] =>
  (resource) =>
    leniently(() => valuesBy(resource, expression).flatMap(typed))

/** Returns each element that the composite is about, as the values of each component. */
const elementsFound = (resource: Resource, expression: string, parts: readonly string[]): TypedValue[][][] =>
  leniently(() =>
    valuesBy(resource, expression).map((element) =>
      parts.map((part) => valuesBy(resource, part, element).flatMap(typed)),
    ),
  )

type CustomComponent = NonNullable<OwnDefinition['components']>[number]

const customPart = (
  { url, list, expression }: OwnDefinition,
  component: CustomComponent,
  i: number,
  parts: readonly string[],
): SearchParameter => ({
  code: component.code,
  type: component.type,
  url,
  own: {
    list: `${list}$${i}`,
    of: (resource) => elementsFound(resource, expression, parts).flatMap((values) => values[i] ?? []),
  },
})

const compositeOf = (definition: OwnDefinition, components: readonly CustomComponent[]): OwnValues => {
  const parts = components.map((component) => component.expression)
  return {
    list: definition.list,
    of: (resource) =>
      elementsFound(resource, definition.expression, parts).map((value) => ({ type: 'composite', value })),
    parts: components.map((component, i) => customPart(definition, component, i, parts)),
  }
}

/** Returns the search parameter that a tenant's own definition describes. */
export const ownParameter = (definition: OwnDefinition): SearchParameter => {
  const { code, type, url, targets, components, list, expression } = definition
  return {
    code,
    type,
    url,
    ...(targets && { targets }),
    ...(components && { components }),
    own: components ? compositeOf(definition, components) : { list, of: customValuesIn(expression) },
  }
}
