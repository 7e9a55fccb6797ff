/** https://hl7.org/fhir/R4/resource-operation-meta.html — the labels in use, of a type or of all. */

import { failure } from '../../outcome/failure.ts'
import type { Answer } from '../../request/call.ts'
import type { Context } from '../../request/context.ts'
import { escapeValue } from '../../search/parse/escapes.ts'
import { findMatching } from '../../search/search.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Label, LabelKind } from '../../store/port.ts'

/** A label, and the types whose resources have had it. */
interface Had {
  label: Label
  types: string[]
}

const nameOf = ({ kind, value }: Label): string =>
  `${kind}|${typeof value === 'string' ? value : `${value.system ?? ''}|${value.code}`}`

const hadBy = (all: readonly { type: string; label: Label }[]): Had[] => {
  const byName = new Map<string, Had>()
  for (const { type, label } of all) {
    const had = byName.get(nameOf(label)) ?? { label, types: [] }
    had.types.push(type)
    byName.set(nameOf(label), had)
  }
  return [...byName.values()]
}

const criterionOf = ({ kind, value }: Label): readonly [name: string, value: string] => [
  `_${kind}`,
  typeof value === 'string'
    ? escapeValue(value)
    : `${escapeValue(value.system ?? '')}|${escapeValue(value.code ?? '')}`,
]

const isInUse = async ({ label, types }: Had, context: Context): Promise<boolean> => {
  for (const type of types)
    if ((await findMatching(type, [criterionOf(label)], context, 1)).length > 0) return true
  return false
}

const width = 16
const mostLabels = 2000

const labelsOf = (kind: LabelKind, all: readonly Label[]): object => {
  const values = all.filter((label) => label.kind === kind).map(({ value }) => value)
  return values.length > 0 ? { [kind]: values } : {}
}

/** Returns the answer that tells which labels resources of a type, or of any, have now. */
export const labelsInUse = async (type: string, context: Context): Promise<Answer> => {
  const had = hadBy(await context.store.labels(type === '' ? undefined : type))
  if (had.length > mostLabels)
    throw failure('too-costly', `There are more than ${mostLabels} labels. Ask a type for its own.`)
  const used = await inParallel(width, had, (each) => isInUse(each, context))
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
