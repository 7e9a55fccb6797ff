/** The changes of a resource's `meta` by https://hl7.org/fhir/R4/resource-operation-meta-add.html and -meta-delete.html */

import { parseKeeping, printKeeping } from '../../fhir/json/digits.ts'
import type { Patcher } from './patcher.ts'

/** The labels that an operation adds to a resource's `meta` or removes from `meta`. */
export interface MetaPatch {
  operation: 'meta-add' | 'meta-delete'
  meta: Readonly<Record<string, unknown>>
}

type Meta = Record<string, unknown>

/** The members that the operations change; the rest of `meta` is the server's own. */
const lists = ['profile', 'security', 'tag'] as const

const labelName = (label: unknown): string => {
  if (typeof label === 'string') return label
  const { system = '', code = '' } = label as { system?: string; code?: string }
  return `${system}|${code}`
}

const labelsIn = (meta: MetaPatch['meta'], list: string): unknown[] =>
  Array.isArray(meta[list]) ? meta[list] : []

/** Returns the labels of a resource after some are added or taken away. */
type Combine = (present: readonly unknown[], given: readonly unknown[]) => unknown[]

const combineLabels: Readonly<Record<MetaPatch['operation'], Combine>> = {
  'meta-add': (present, given) => {
    const names = new Set(present.map(labelName))
    return [...present, ...given.filter((label) => !names.has(labelName(label)))]
  },
  'meta-delete': (present, given) => {
    const names = new Set(given.map(labelName))
    return present.filter((label) => !names.has(labelName(label)))
  },
}

/** Returns the function that changes the labels of a resource's JSON text. */
export const metaPatcher =
  ({ operation, meta: given }: MetaPatch): Patcher =>
  (text) => {
    const resource = parseKeeping(text) as Meta
    const meta = (resource.meta ?? {}) as Meta
    for (const list of lists) {
      const labels = combineLabels[operation](labelsIn(meta, list), labelsIn(given, list))
      if (labels.length > 0) meta[list] = labels
      else delete meta[list]
    }
    return printKeeping({ ...resource, meta })
  }
