/** Every search parameter of every type: where its values may stand, and, by FHIRPath, which it has in a resource. */

import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { buildModel } from '../../../src/fhir/generate/model.ts'
import { type TypeParameter, typeParametersOf } from '../../../src/fhir/generate/parameters.ts'
import { readDefinitions, usCoreParameters } from '../../../src/fhir/generate/source.ts'
import { searchExpression } from '../../../src/fhir/path/expressions.ts'
import type { Known } from '../../search/hospital.ts'
import { typeInside } from '../inside.ts'
import type { Parameters } from '../judge.ts'
import type { Json, Kind, Part } from '../matching.ts'

const official = readDefinitions()
const definitions = {
  ...official,
  searchParameters: [...official.searchParameters, ...usCoreParameters()],
}

export const model = buildModel(definitions)

/** Bundles and what is inside them, a place on the map, and what takes an extension in the middle of a path. */
const left = ({ type, code, routes }: TypeParameter): boolean =>
  type === 'special' ||
  code === 'item-subject' ||
  routes.some(({ type: of }) => /Resource|Attachment/.test(of))

const common = typeParametersOf(definitions, model, 'Resource')

/** The parameters of each type, with the routes to their values. */
export const knownParameters: ReadonlyMap<string, readonly TypeParameter[]> = new Map(
  model.resourceTypes.map((type) => [
    type,
    [...common, ...typeParametersOf(definitions, model, type)].filter((parameter) => !left(parameter)),
  ]),
)

/** What the oracle lacks is put in other words, as in the test of extraction. */
const readable = (operand: string): string =>
  operand
    .replaceAll(/\.where\(resolve\(\) is \w+\)/g, '')
    .replaceAll(/ as (\w+)/g, '.ofType($1)')
    .replaceAll(/\.as\(/g, '.ofType(')
    .replaceAll('ofType(DateTime)', 'ofType(dateTime)')
    .replaceAll(/(\.extension\('[^']*'\))$/g, '$1.value')

type Run = (value: object, variables?: { resource: object }) => unknown[]

const compiled = (expression: string, base?: string): Run[] =>
  expression.split(' | ').map((operand) => {
    const path = readable(operand)
    return fhirpath.compile(base === undefined ? path : { base, expression: path }, r4, {
      async: false,
    }) as Run
  })

const pointedTo = /resolve\(\) is (\w+)/

const plainValues = (type: string, { code, expression }: TypeParameter): ((resource: Json) => unknown[]) => {
  const runs = compiled(searchExpression(type, code) || expression)
  const target = pointedTo.exec(expression)?.[1]
  return (resource) => {
    const isTarget = (link: string): boolean =>
      link.startsWith('#')
        ? typeInside(resource as unknown as Known, link) === target
        : new RegExp(`(^|/)${target}/`).test(link)
    const found: unknown[] = JSON.parse(JSON.stringify(runs.flatMap((run) => run(resource, { resource }))))
    // Without a server, what a link resolves to is told by its text.
    return target === undefined ? found : found.filter((value) => isTarget(String((value as Json).reference)))
  }
}

const compositeValues = (type: string, parameter: TypeParameter): ((resource: Json) => Part[][]) => {
  const { code, expression, components = [], routes } = parameter
  const elements = (searchExpression(type, code) || expression)
    .split(' | ')
    .map((operand) => compiled(operand)[0])
  const parts = routes.map(({ type: base }) =>
    components.map((component) => ({
      kind: component.type as Kind,
      runs: compiled(component.expression, base),
    })),
  )
  return (resource) =>
    elements.flatMap((element, i) =>
      (JSON.parse(JSON.stringify(element?.(resource, { resource }))) as object[]).map((value) =>
        (parts[i] ?? []).map(({ kind, runs }) => ({
          kind,
          values: JSON.parse(JSON.stringify(runs.flatMap((run) => run(value, { resource })))),
        })),
      ),
    )
}

const remembered = (values: (resource: Json) => unknown[]): ((resource: Json) => unknown[]) => {
  const memory = new WeakMap<Json, unknown[]>()
  return (resource) => {
    const known = memory.get(resource) ?? values(resource)
    memory.set(resource, known)
    return known
  }
}

const lazily = (make: () => (resource: Json) => unknown[]): ((resource: Json) => unknown[]) => {
  let made: ((resource: Json) => unknown[]) | undefined
  return remembered((resource) => {
    made ??= make()
    return made(resource)
  })
}

/** Every parameter as the judge wants it. */
export const wholeParameters: Parameters = Object.fromEntries(
  [...knownParameters].map(([type, parameters]) => [
    type,
    Object.fromEntries(
      parameters.map((parameter) => [
        parameter.code,
        {
          kind: parameter.type as Kind,
          ...(parameter.type === 'token' &&
            parameter.elements?.includes('string') && { anyCase: true as const }),
          values: lazily(() =>
            parameter.type === 'composite' ? compositeValues(type, parameter) : plainValues(type, parameter),
          ),
        },
      ]),
    ),
  ]),
)
