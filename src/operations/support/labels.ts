/** The labels in use by resources of a type or of all types: https://hl7.org/fhir/R4/resource-operation-meta.html */

import { failure } from '../../outcome/failure.ts'
import type { Answer } from '../../request/call.ts'
import type { Context } from '../../request/context.ts'
import { escapeValue } from '../../search/parse/escapes.ts'
import { findMatching } from '../../search/search.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Label, LabelKind } from '../../store/port.ts'

/** A label, and the types of the resources that have had the label. */
interface LabelWithTypes {
  label: Label
  types: string[]
}

const labelIdentity = ({ kind, value }: Label): string =>
  `${kind}|${typeof value === 'string' ? value : `${value.system ?? ''}|${value.code}`}`

const labelsWithTypes = (all: readonly { type: string; label: Label }[]): LabelWithTypes[] => {
  const byName = new Map<string, LabelWithTypes>()
  for (const { type, label } of all) {
    const had = byName.get(labelIdentity(label)) ?? { label, types: [] }
    had.types.push(type)
    byName.set(labelIdentity(label), had)
  }
  return [...byName.values()]
}

const criterionOf = ({ kind, value }: Label): readonly [name: string, value: string] => [
  `_${kind}`,
  typeof value === 'string'
    ? escapeValue(value)
    : `${escapeValue(value.system ?? '')}|${escapeValue(value.code ?? '')}`,
]

const isInUse = async ({ label, types }: LabelWithTypes, context: Context): Promise<boolean> => {
  for (const type of types)
    if ((await findMatching(type, [criterionOf(label)], context, 1)).length > 0) return true
  return false
}

const parallelLabelSearches = 16
const mostLabels = 2000

const labelsOf = (kind: LabelKind, all: readonly Label[]): object => {
  const values = all.filter((label) => label.kind === kind).map(({ value }) => value)
  return values.length > 0 ? { [kind]: values } : {}
}

/** Returns the labels that resources of a type, or of any type, have now. Fails with `too-costly` above the maximum. */
export const labelsInUse = async (type: string, context: Context): Promise<Answer> => {
  const had = labelsWithTypes(await context.reader.labels(type === '' ? undefined : type))
  if (had.length > mostLabels)
    throw failure('too-costly', `There are more than ${mostLabels} labels. Ask a type for its own.`)
  const used = await inParallel(parallelLabelSearches, had, (each) => isInUse(each, context))
  const labels = had.filter((_, i) => used[i]).map(({ label }) => label)
  const meta = Object.assign(
    {},
    ...(['profile', 'security', 'tag'] as const).map((kind) => labelsOf(kind, labels)),
  )
  return {
    status: 200,
    text: JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'return', valueMeta: meta }] }),
  }
}
