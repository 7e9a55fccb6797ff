/**
 * A request in the server's only shape, made from a gateway's event, a Bundle's entry or a job. Nothing inside knows
 * Lambda.
 */
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
