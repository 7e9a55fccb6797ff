import { referenceTo } from '../fhir/references.ts'
import type { Issue } from '../outcome/failure.ts'
import type { Version } from '../store/port.ts'
import type { Context } from './context.ts'
import type { FhirRequest } from './request.ts'

/** Query parameters in the order they came. */
export type Pairs = readonly (readonly [name: string, value: string])[]

/** The parts of a path that a route's pattern names; empty where the pattern has no such part. */
export interface PathNames {
  type: string
  id: string
  version: string
  /** Of a compartment: the type that is searched in it, or `*`. */
  member: string
  operation: string
}

/** A request once it is routed, as interactions take it. */
export interface Call extends FhirRequest, PathNames {
  prefer: Prefer
}

/** https://hl7.org/fhir/R4/http.html#ops */
export interface Prefer {
  /** Absent where the client says nothing: a single write answers with the resource, a bundle's entry without. */
  returns?: 'minimal' | 'representation' | 'OperationOutcome'
  lenient: boolean
  /** The client asks for it to be refused whatever is not understood. */
  strict?: true
}

/** What an interaction answers, before it is dressed as an HTTP response or as an entry of a Bundle. */
export interface Answer {
  status: number
  /** The version that the answer is about: gives ETag, Last-Modified and, unless `text` is there, the body. */
  version?: Version
  /** A JSON text to be served instead. */
  text?: string
  /** The text's media type, where it is not FHIR's. */
  mediaType?: string
  /** Headers of this answer alone. */
  headers?: Readonly<Record<string, string>>
  /** What is to be told, as an OperationOutcome. */
  issues?: readonly Issue[]
  /** The answer to a HEAD in a Bundle: told is everything but the resource. */
  bare?: boolean
  /** The answer to a write: `Prefer: return` decides about its body. */
  written?: boolean
  /** What a write has to tell although it was done, for who prefers an OperationOutcome. */
  warnings?: readonly Issue[]
}

/** What interactions work with: a Bundle's entries go `again` through the routes. */
export interface Dispatch extends Context {
  again: (asked: FhirRequest) => Promise<Answer>
  /** Returns what is served at an address; fails where that is nothing, or not for this principal. */
  check: (asked: Pick<FhirRequest, 'method' | 'path'>) => Promise<RouteFacts>
  /** Tells the log what was done that must be known later: facts of ours, never content. */
  note: (facts: object) => void
  /** Tells the log about a fault that only one entry of a Bundle met. */
  report: (thrown: unknown) => void
  /** What is served, for the CapabilityStatement. */
  routes: () => Promise<readonly RouteFacts[]>
}

export type Interaction = (call: Call, context: Dispatch) => Promise<Answer>

/** Returns the answer that serves a version, or what the caller wants of it. */
export const serving = (version: Version, cut: (version: Version) => string): Answer => ({
  status: 200,
  version,
  text: cut(version),
})

/** Returns the answer that tells only issues. */
export const telling = (status: number, issues: readonly Issue[], version?: Version): Answer =>
  version ? { status, issues, version } : { status, issues }

/** Returns the path of what a call is about: `Patient/1`, or only the type where the query names the resource. */
export const pathOf = ({ type, id }: Call): string => (id === '' ? type : referenceTo({ type, id }))

/** In the addresses of our own definitions, this stands for the service's base. */
export const here = 'https://pilotlight.example'

/** What a route says about itself. */
export interface RouteFacts {
  method: string
  /** `[type]/[id]/_history/[version]` */
  pattern: string
  /** Its names in the CapabilityStatement, separated by spaces; empty where it has none there. */
  code: string
  level: 'system' | 'type' | 'instance'
  /** For an operation: its name, the address of its definition, whether it changes anything, the types it is for (all where absent). */
  operation?: { name: string; definition: string; changes: boolean; types?: readonly string[] }
}
