/** The announced part of the CapabilityStatement: supported profiles, and the guides that an operator claims. */

import type { Announcement } from '../store/definitions.ts'

/** A stored profile: the id of its StructureDefinition, the type it constrains, and its canonical address. */
export interface AnnouncedProfile {
  id: string
  type: string
  url: string
}

/** A guide that an operator claims to implement in its entirety, by canonical address with version. */
export interface Claim {
  guide: string
  /** The guide's requirements for servers, for `CapabilityStatement.instantiates`. */
  statement?: string
}

export interface Announced {
  /** The instant of the last change, https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.date */
  date?: string
  profiles: readonly AnnouncedProfile[]
  claims: readonly Claim[]
  /** The version of the definitions at the last change. */
  definitions?: number
}

/** The announcement of a store without profiles and claims. */
export const nothingAnnounced: Announced = { profiles: [], claims: [] }

/** Returns the content of an announcement. */
export const announcedIn = ({ text }: Announcement): Announced => ({
  ...nothingAnnounced,
  ...(JSON.parse(text) as Partial<Announced>),
})

/** Returns a content as JSON, its members always in the same order. */
export const announcedText = ({ date, profiles, claims, definitions }: Announced): string =>
  JSON.stringify({ date, profiles, claims, definitions })

/** Returns the next announcement, with this content. */
export const nextAnnouncement = ({ version }: Announcement, content: Announced): Announcement => ({
  version: version + 1,
  text: announcedText(content),
})

/** Returns the addresses of the announced profiles of each type, in alphabetical order. */
export const profilesByType = ({ profiles }: Announced): ReadonlyMap<string, readonly string[]> => {
  const byType = Map.groupBy(profiles, ({ type }) => type)
  return new Map(
    [...byType].map(([type, some]) => [type, [...new Set(some.map(({ url }) => url))].sort()] as const),
  )
}
