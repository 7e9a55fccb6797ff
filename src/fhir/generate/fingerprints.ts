/** Writes a hash of each type's definitions, so that a build shows whether its definitions differ from another build's. */

import { createHash } from 'node:crypto'
import { type SystemOf, writeExtractors } from './extractors.ts'
import type { Model } from './model.ts'
import type { TypeParameter } from './parameters.ts'
import { parameterRowsOf } from './registry.ts'

const fingerprintOf = (texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\n')).digest('base64url').slice(0, 8)

/** The types of elements that are indexed differently from their search type's usual types. */
const indexedApart = new Set(['string', 'ContactPoint', 'Resource'])

const asIndexed = ({ elements, ...parameter }: TypeParameter): TypeParameter => ({
  ...parameter,
  ...(elements?.some((type) => indexedApart.has(type)) && { elements }),
})

/** A Bundle is indexed also by the parameters of its first entry's resource. */
const typesWithin = ({ elements, targets }: TypeParameter): readonly string[] =>
  elements?.includes('Resource') ? (targets ?? []) : []

/** Returns the module text: for each type a hash of its search parameters and of how their values are found. */
export const writePrints = (
  model: Model,
  byType: ReadonlyMap<string, readonly TypeParameter[]>,
  systemOf: SystemOf,
): string => {
  const textOf = (type: string): string => {
    const parameters = byType.get(type) ?? []
    const own =
      parameterRowsOf(type, parameters.map(asIndexed)) +
      writeExtractors(model, new Map([[type, parameters]]), systemOf)
    return own + parameters.flatMap(typesWithin).map(textOf).join('\n')
  }
  const common = textOf('Resource')
  const prints = [...byType.keys()].map((type) => [type, fingerprintOf([common, textOf(type)])])
  return `export const prints = ${JSON.stringify(Object.fromEntries(prints))}\n`
}
