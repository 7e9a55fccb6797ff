/** A request that is carried out later, for code without a connection to a table. */

/** The time that a job and its result are kept. */
export const keptSeconds = 24 * 60 * 60
/** The time that the address of an upload is valid. */
export const addressSeconds = 60 * 60

/** A job: the request, its owner, and its progress. */
export interface Job {
  id: string
  /** The principal who made the request; only the owner sees the job. */
  owner: { id: string; name: string; groups: readonly string[] }
  base: string
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  made: number
  /** The time at which the last attempt began in milliseconds since 1970, and the number of attempts. */
  begun?: number
  attempts?: number
  /** Whether its result is there. */
  done?: boolean
}

export interface Jobs {
  make(job: Job): Promise<void>
  get(id: string): Promise<Job | undefined>
  /** Records that an attempt begins; returns the job, or undefined for a forgotten job. */
  begin(id: string, now: number): Promise<Job | undefined>
  /** Keeps the result; returns false for a forgotten job. */
  finish(id: string, result: string): Promise<boolean>
  forget(id: string): Promise<void>
  putBody(id: string, body: Uint8Array): Promise<void>
  body(id: string): Promise<Uint8Array>
  result(id: string): Promise<string>
  /** Returns an address for the upload of the body. */
  address(id: string, bytes: number, contentType: string, now: number): string
}
