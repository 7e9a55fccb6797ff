/** A request as FHIR sees it: every gateway's dialect becomes this at the door, and nothing inside knows Lambda. */
export interface FhirRequest {
  method: string
  /** The path below the service base, without a leading slash: `Patient/1/_history/2`, or empty for the base. */
  path: string
  /** Query parameters in the order they came, repeated ones repeated, decoded. */
  query: readonly (readonly [name: string, value: string])[]
  /** Header names in lower case. */
  headers: Readonly<Record<string, string>>
  body: string
  /** The body as it came, where the gateway handed over bytes. */
  bytes?: Uint8Array
}

/** A response before a gateway's dialect: the body is JSON text, spliced and never re-serialised. */
export interface FhirResponse {
  status: number
  headers: Record<string, string>
  body: string
  /** In place of a body: what is no text. */
  bytes?: Uint8Array
}
