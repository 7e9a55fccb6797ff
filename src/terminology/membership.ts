/** Membership of a code in a value set or a code system: the question and the answer. */

import type { CodeSystemConcept, Coding } from './resources.ts'
import type { CodeNode } from './systems/graph.ts'

export type Membership = 'yes' | 'no' | 'unknown'

/** The code in question; without a system, any system of the value set will do. */
export type AskedCoding = Coding & { code: string }

/** The answer about a code, with its entries. */
export interface CodeVerdict {
  answer: Membership
  /** The system that has the code, as the value set spells it. */
  system?: string
  version?: string
  display?: string
  /** The entry in the value set. */
  listed?: CodeSystemConcept
  node?: CodeNode
  /** Only the system's grammar says so. */
  spelled?: true
}

export type Judge = (asked: AskedCoding) => CodeVerdict
