/** The rules of a profile at an element, ready for the check. */

import type { Constraint } from './definition.ts'

export interface TypeLimit {
  code: string
  profiles: readonly string[]
  /** The profiles of a reference's target; empty if the target may be of any type. */
  targets: readonly string[]
  /** The permitted places of a reference's target: `contained`, `referenced`, `bundled`; empty if the place is free. */
  aggregation: readonly string[]
  /** Whether a reference must name a version (`specific`) or must not (`independent`). */
  versioning: string
}

export interface BindingRule {
  strength: 'required' | 'extensible'
  valueSet: string
}

/** A feature of a value that tells slices apart: its path and its rule. */
export interface SliceMark {
  steps: readonly DiscriminatorStep[]
  kind: 'value' | 'exists' | 'type' | 'profile'
  /** The rule of the values at the end of the steps. */
  rule: Rule
  /** The rest of the way lies in a profile of its own. */
  beyond?: { profiles: readonly string[]; steps: readonly DiscriminatorStep[] }
}

export type DiscriminatorStep =
  | { kind: 'member'; name: string }
  | { kind: 'extension'; url: string }
  | { kind: 'type'; type: string }
  | { kind: 'resolve' }

export interface Slice {
  name: string
  rule: Rule
  marks: readonly SliceMark[]
}

export interface Slicing {
  rules: 'open' | 'closed' | 'openAtEnd'
  ordered: boolean
  slices: readonly Slice[]
  /** The slice of the values that belong to no named slice. */
  otherwise?: Slice
}

export interface Rule {
  /** `Observation.component:systolic.code` */
  id: string
  /** The name in FHIRPath, without the `[x]` of a choice. */
  name: string
  choice: boolean
  min: number
  max: number
  mustSupport: boolean
  types?: readonly TypeLimit[]
  fixed?: unknown
  pattern?: unknown
  maxLength?: number
  least?: unknown
  greatest?: unknown
  binding?: BindingRule
  constraints: readonly Constraint[]
  slicing?: Slicing
  children: readonly Rule[]
  /** The element of the same profile that has the same content. */
  like?: Rule
}

/** A profile, ready to be checked. */
export interface Profile {
  url: string
  version?: string
  /** The R4 type of the profile. */
  type: string
  root: Rule
  /** For extensions: where they may stand. */
  context: { places: readonly { type: string; expression: string }[]; invariants: readonly Constraint[] }
}
