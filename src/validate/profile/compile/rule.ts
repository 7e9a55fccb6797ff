/** What a profile asks at an element, ready to be checked. */

import type { Constraint } from './definition.ts'

export interface TypeLimit {
  code: string
  profiles: readonly string[]
  /** The addresses of what a reference may lead to; none where anything may. */
  targets: readonly string[]
  /** Where what a reference leads to must be: `contained`, `referenced`, `bundled`; none where it may be anywhere. */
  aggregation: readonly string[]
  /** Whether a reference must name a version (`specific`) or must not (`independent`). */
  versioning: string
}

export interface BindingRule {
  strength: 'required' | 'extensible'
  valueSet: string
}

/** Something of a value that tells slices apart: where it is, and what it must be. */
export interface Mark {
  steps: readonly PathStep[]
  kind: 'value' | 'exists' | 'type' | 'profile'
  /** What stands at the end of the steps must meet this rule. */
  rule: Rule
  /** The rest of the way lies in a profile of its own. */
  beyond?: { profiles: readonly string[]; steps: readonly PathStep[] }
}

export type PathStep =
  | { kind: 'member'; name: string }
  | { kind: 'extension'; url: string }
  | { kind: 'type'; type: string }
  | { kind: 'resolve' }

export interface Slice {
  name: string
  rule: Rule
  marks: readonly Mark[]
}

export interface Slicing {
  rules: 'open' | 'closed' | 'openAtEnd'
  ordered: boolean
  slices: readonly Slice[]
  /** What no other slice takes. */
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
  /** The element of the same profile whose content this one has. */
  like?: Rule
}

/** A profile, ready to be checked. */
export interface Profile {
  url: string
  version?: string
  /** The R4 type that it is about. */
  type: string
  root: Rule
  /** For extensions: where they may stand. */
  context: { places: readonly { type: string; expression: string }[]; invariants: readonly Constraint[] }
}
