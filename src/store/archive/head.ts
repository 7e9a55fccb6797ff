import type { Version } from '../port.ts'

/**
 * The attributes that every version carries beside its text and its write id. The list is complete or does not
 * compile: an attribute that is added to `Version` and not here would be lost on the way to the archive and back.
 */
const carried = {
  type: true,
  id: true,
  v: true,
  t: true,
  method: true,
  deleted: true,
} as const satisfies Record<Exclude<keyof Version, 'w' | 'text'>, true>

/** A version without its text and its write id: what stream, archive and restore pass on. */
export type Head = Pick<Version, keyof typeof carried>

const names = Object.keys(carried) as (keyof Head)[]

/** Returns the attributes that a version keeps wherever it is stored. */
export const headOf = (version: Head): Head =>
  Object.fromEntries(names.map((name) => [name, version[name]])) as unknown as Head
