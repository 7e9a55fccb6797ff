/** A response before a gateway's dialect: the body is JSON text, spliced and never re-serialised. */
export interface FhirResponse {
  status: number
  headers: Record<string, string>
  body: string
  /** In place of a body: what is no text. */
  bytes?: Uint8Array
}
