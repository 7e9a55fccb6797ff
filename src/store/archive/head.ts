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

/** A version without its text and its write id: the part that stream, archive and restore copy. */
export type VersionHead = Pick<Version, keyof typeof carried>

const headAttributes = Object.keys(carried) as (keyof VersionHead)[]

/** Returns the attributes that a version keeps in every place it is stored; an absent attribute stays absent. */
export const headOf = (version: VersionHead): VersionHead =>
  Object.fromEntries(
    headAttributes.flatMap((name) => (version[name] === undefined ? [] : [[name, version[name]]])),
  ) as unknown as VersionHead
