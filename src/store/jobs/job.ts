/** A request that is done later, as it is known to those who have no connection to any table. */

/** How long a job and its result are kept. */
export const keptSeconds = 24 * 60 * 60
/** How long the address of an upload can be used. */
export const addressSeconds = 60 * 60

/** What was asked, of whom, and what became of it. */
export interface Job {
  id: string
  /** Who asked; nobody else sees it. */
  owner: { id: string; name: string; groups: readonly string[] }
  base: string
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  made: number
  /** When work on it last began, and how often it has. */
  begun?: number
  attempts?: number
  /** Whether its result is there. */
  done?: boolean
}

export interface Jobs {
  make(job: Job): Promise<void>
  get(id: string): Promise<Job | undefined>
  /** Notes that work begins; returns the job as it is then, or nothing where it was forgotten. */
  begin(id: string, now: number): Promise<Job | undefined>
  /** Keeps the result; returns whether anybody still wants it. */
  finish(id: string, result: string): Promise<boolean>
  forget(id: string): Promise<void>
  putBody(id: string, body: Uint8Array): Promise<void>
  body(id: string): Promise<Uint8Array>
  result(id: string): Promise<string>
  /** Returns an address to which the body can be put. */
  address(id: string, bytes: number, contentType: string, now: number): string
}
