/** A response before a gateway's dialect: the body is JSON text, spliced and never re-serialised. */
export interface FhirResponse {
  status: number
  headers: Record<string, string>
  body: string
  /** Content that is not text, in place of a body. */
  bytes?: Uint8Array
}
