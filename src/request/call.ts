import { referenceTo } from '../fhir/references.ts'
import type { Issue } from '../outcome/failure.ts'
import type { Version } from '../store/port.ts'
import type { Context } from './context.ts'
import type { FhirRequest } from './request.ts'

/** Query parameters in the order they came. */
export type Pairs = readonly (readonly [name: string, value: string])[]

/** The parts of a path by their names in a route's pattern; empty for names that the pattern lacks. */
export interface PathNames {
  type: string
  id: string
  version: string
  /** The type to search in a compartment, or `*`. */
  member: string
  operation: string
}

/** A routed request, as interactions take their input. */
export interface Call extends FhirRequest, PathNames {
  prefer: Prefer
}

/** https://hl7.org/fhir/R4/http.html#ops */
export interface Prefer {
  /** Absent without a preference: then a single write answers with the resource, an entry of a Bundle without. */
  returns?: 'minimal' | 'representation' | 'OperationOutcome'
  lenient: boolean
  /** The client asks the server to refuse everything unknown. */
  strict?: true
}

/** An interaction's answer, before its form as an HTTP response or as an entry of a Bundle. */
export interface Answer {
  status: number
  /** The version that the answer is about: gives ETag, Last-Modified and, without `text`, the body. */
  version?: Version
  /** A JSON text to serve in place of the version. */
  text?: string
  /** The text's media type, if not FHIR's own. */
  mediaType?: string
  /** Headers of this answer alone. */
  headers?: Readonly<Record<string, string>>
  /** Issues to return as an OperationOutcome. */
  issues?: readonly Issue[]
  /** The answer to HEAD in a Bundle: everything but the resource. */
  bare?: boolean
  /** The answer to a write: `Prefer: return` decides about its body. */
  written?: boolean
  /** Issues of a successful write, for a client that prefers an OperationOutcome. */
  warnings?: readonly Issue[]
}

/** The context of an interaction. A Bundle's entries go through the routes by `again`. */
export interface Dispatch extends Context {
  again: (asked: FhirRequest) => Promise<Answer>
  /** Returns the route of an address; fails if there is no route, and if the principal lacks the right. */
  check: (asked: Pick<FhirRequest, 'method' | 'path'>) => Promise<RouteFacts>
  /** Logs an action that an operator may have to trace later: facts without content. */
  note: (facts: object) => void
  /** Logs a fault that a single entry of a Bundle met. */
  report: (thrown: unknown) => void
  /** Returns all routes, for the CapabilityStatement. */
  routes: () => Promise<readonly RouteFacts[]>
}

export type Interaction = (call: Call, context: Dispatch) => Promise<Answer>

/** Returns the answer that serves a version, cut as the caller wants. */
export const versionAnswer = (version: Version, cut: (version: Version) => string): Answer => ({
  status: 200,
  version,
  text: cut(version),
})

/** Returns an answer of issues alone. */
export const issuesAnswer = (status: number, issues: readonly Issue[], version?: Version): Answer =>
  version ? { status, issues, version } : { status, issues }

/** Returns the path of a call's subject: `Patient/1`, or only the type if the query names the resource. */
export const subjectPath = ({ type, id }: Call): string => (id === '' ? type : referenceTo({ type, id }))

/** The service's base within the addresses of this project's own definitions. */
export const canonicalBase = 'https://pilotlight.example'

/** A route's description. */
export interface RouteFacts {
  method: string
  /** `[type]/[id]/_history/[version]` */
  pattern: string
  /** The route's names in the CapabilityStatement, separated by spaces; empty for a route without an entry there. */
  code: string
  level: 'system' | 'type' | 'instance'
  /**
   * For an operation: its name, its definition's address, whether the operation changes anything, and its types (absent
   * for all types).
   */
  operation?: { name: string; definition: string; changes: boolean; types?: readonly string[] }
}
