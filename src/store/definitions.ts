/**
 * The part of the CapabilityStatement that stored profiles and an operator's claims decide, as JSON; `version` counts the
 * changes, from 0 for none.
 */
export interface Announcement {
  version: number
  text: string
}

/** A build of the software that has written: a print of the indexing of each type. */
export interface Build {
  print: string
  types: Readonly<Record<string, string>>
}

/** The progress of background work: a text, and a number that counts its changes, from 0 for none. */
export interface Progress {
  v: number
  text: string
}

/** The search parameters that a tenant has defined, as JSON; `version` counts the changes, from 0 for none. */
export interface Definitions {
  version: number
  text: string
}
