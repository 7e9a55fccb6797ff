/** Writes the codes of every value set that a required binding names, and the bindings to all further value sets. */

import type { Model } from '../model.ts'
import type { Concept, SourceDefinitions, ValueSet } from '../source.ts'

/** Code systems that the definitions do not list, and that are checked by their own code. */
export const openSystems: ReadonlySet<string> = new Set([
  'urn:ietf:bcp:13',
  'urn:iso:std:iso:4217',
  'http://unitsofmeasure.org',
])

/** Returns the text of the module that `../../codes.ts` reads, without value sets whose codes cannot be listed. */
export const writeCodes = (definitions: SourceDefinitions, model: Model): string => {
  const required = new Set([...model.elements.values()].map((element) => element.required ?? ''))
  const rows = [...required].flatMap((url) => {
    const codes = listedCodesOf(definitions, definitions.valueSets.get(url))
    return codes ? [[url, systemRow(codes)]] : []
  })
  return `export const codeRows = ${JSON.stringify(Object.fromEntries(rows), null, 1)}\n`
}

/** Returns the module text of the bindings that need terminology: strength and value set by the element's path. */
export const writeBindings = (definitions: SourceDefinitions, model: Model): string => {
  const rows = [...model.elements.values()].flatMap(({ path, required, extensible }) => {
    if (extensible) return [[path, `extensible ${extensible}`]]
    return required && !listedCodesOf(definitions, definitions.valueSets.get(required))
      ? [[path, `required ${required}`]]
      : []
  })
  return `export const bindingRows = ${JSON.stringify(Object.fromEntries(rows), null, 1)}\n`
}

/** Returns a line for each system: its address, then its codes, separated by tabs. */
const systemRow = (codes: ReadonlyMap<string, readonly string[]>): string =>
  [...codes].map(([system, list]) => [system, ...list].join('\t')).join('\n')

type ListedCodes = Map<string, readonly string[]>

const listedCodesOf = (
  definitions: SourceDefinitions,
  valueSet: ValueSet | undefined,
): ListedCodes | undefined => {
  const { include, exclude } = valueSet?.compose ?? {}
  if (!include || exclude) return undefined
  const all: ListedCodes = new Map()
  for (const part of include) {
    const codes = codesOfPart(definitions, part)
    if (!codes) return undefined
    for (const [system, list] of codes) all.set(system, [...new Set([...(all.get(system) ?? []), ...list])])
  }
  return all
}

const codesOfPart = (
  definitions: SourceDefinitions,
  { system, concept, filter, valueSet }: NonNullable<ValueSet['compose']>['include'][number],
): ListedCodes | undefined => {
  if (filter) throw new Error(`a filtered value set of \`${system}\` under a required binding`)
  if (valueSet) return codesOfAll(definitions, valueSet)
  if (system === undefined) return undefined
  const listed = concept ?? definitions.codeSystems.get(system)?.concept
  if (!listed && !openSystems.has(system)) throw new Error(`\`${system}\` has no codes`)
  return listed && new Map([[system, flat(listed)]])
}

const codesOfAll = (definitions: SourceDefinitions, urls: readonly string[]): ListedCodes | undefined => {
  if (urls.length !== 1) throw new Error('an intersection of value sets under a required binding')
  return listedCodesOf(definitions, definitions.valueSets.get(urls[0] ?? ''))
}

const flat = (concepts: readonly Concept[]): string[] =>
  concepts.flatMap(({ code, concept = [] }) => [code, ...flat(concept)])
