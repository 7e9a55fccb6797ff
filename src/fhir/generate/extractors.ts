/** Writes the functions that extract the values of search parameters. */

import type { Model } from './model.ts'
import { leadsToElement, rootPlace, type TypeParameter } from './parameters.ts'
import { parseFhirPath } from './path/fhirpath.ts'
import { type PathPlace, type PathWalk, visitPath } from './path/paths.ts'

/** Returns the code system of a `code` element's value set, if there is exactly one. */
export type SystemOf = (valueSet: string) => string | undefined

/** Returns the module text: for each type a function that makes its extraction functions, by code. */
export const writeExtractors = (
  model: Model,
  byType: ReadonlyMap<string, readonly TypeParameter[]>,
  systemOf: SystemOf,
): string => {
  const writer = { model, systemOf }
  const types = [...byType].map(
    ([type, parameters]) => `${type}:()=>({${extractorTexts(writer, type, parameters)}})`,
  )
  const imports = `import { at, below, each, put, putExtension, putResource, refersTo } from '../values.ts'`
  return `${imports}\nexport const extractors = {\n${types.join(',\n')}\n}\n`
}

interface ExtractorWriter {
  model: Model
  systemOf: SystemOf
}

const extractorTexts = (
  writer: ExtractorWriter,
  type: string,
  parameters: readonly TypeParameter[],
): string =>
  parameters
    .map(({ code, ...parameter }) => {
      const body = extractor(writer, type, { code, ...parameter })
      const call = callFor(body)
      return `\n${JSON.stringify(code)}${call ? `:${call}` : `(r,o){${body}}`}`
    })
    .join(',')

const memberCall = /^put\(o,('\w+'),r\.(\w+)((?:,'[^']*')?)\);$/
const itemsCall = /^for\(const v0 of each\(r\.(\w+)\)\)\{put\(o,('\w+'),v0(?:\.(\w+))?((?:,'[^']*')?)\);\}$/

/**
 * Returns a call of `at` or `below` in place of a body that reads a member, or a member of its items; undefined for
 * further bodies. Most parameters are so, the call is half as long, and a cold start reads all of the text.
 */
const callFor = (body: string): string | undefined => {
  const [, type, name, system] = memberCall.exec(body) ?? []
  if (name) return `at(${type},'${name}'${system})`
  const [, list, itemType, inner, itemSystem] = itemsCall.exec(body) ?? []
  if (!list) return undefined
  return inner
    ? `below(${itemType},'${list}','${inner}'${itemSystem})`
    : `at(${itemType},'${list}'${itemSystem})`
}

const extractor = (writer: ExtractorWriter, type: string, parameter: TypeParameter): string => {
  const walk = { model: writer.model, text: parameter.expression, root: rootPlace(type) }
  const then = (place: PathPlace): string =>
    parameter.components ? composite(writer, walk, place, parameter) : emit(writer, place, parameter.targets)
  return visitPath(walk, parameter.node, walk.root, then)
}

const emit = (writer: ExtractorWriter, place: PathPlace, targets: readonly string[] = []): string => {
  if (place.type === 'Extension') return `putExtension(o,${place.js});`
  if (place.type === 'Resource') return `putResource(o,r,'${targets[0]}');`
  const system = systemAt(writer, place)
  const type = /^[A-Za-z]+$/.test(place.type) ? place.type : 'BackboneElement'
  return `put(o,'${type}',${place.js}${system ? `,'${system}'` : ''});`
}

const systemAt = ({ systemOf }: ExtractorWriter, { type, element }: PathPlace): string | undefined =>
  type === 'code' && element?.required ? systemOf(element.required) : undefined

/**
 * Writes the statements of a composite: for each of its elements, the values of each component, restricted to the values
 * of the component's parameter.
 */
const composite = (
  writer: ExtractorWriter,
  walk: PathWalk,
  place: PathPlace,
  { components = [], parts = [] }: TypeParameter,
): string => {
  const statements = components.map(({ expression }, i) => {
    const inner = { ...walk, text: expression }
    const values = visitPath(inner, parseFhirPath(expression), place, (found) =>
      leadsToElement(parts[i] ?? [], found) ? emit(writer, found) : '',
    )
    return values.replaceAll('(o,', `(t[${i}],`)
  })
  return `{const t=[${components.map(() => '[]').join(',')}];${statements.join('')}o.push(t)}`
}
