/** Announces stored profiles in the CapabilityStatement: https://hl7.org/fhir/R4/structuredefinition.html */

import type { Resource } from '../../fhir/definitions.ts'
import { isResourceType } from '../../fhir/types.ts'
import { failure, isKind } from '../../outcome/failure.ts'
import {
  type Announced,
  type AnnouncedProfile,
  announcedIn,
  announcedText,
  type Claim,
  nextAnnouncement,
} from '../../request/announcement.ts'
import type { Context } from '../../request/context.ts'
import type { Announcement } from '../../store/definitions.ts'
import { sleep } from '../../store/parallel.ts'

/** The maximum of attempts, about 12 s. Writers that load a package side by side change the announcement in turn. */
const maxAnnounceAttempts = 60

/** The longest canonical address that is announced, in UTF-16 code units. */
const longestAnnouncedUrl = 500

/** The longest announcement, in UTF-16 code units: whatever its text, it fits into an item of 400 KB. */
const longestAnnouncement = 120_000

/** The most guides that are claimed at once. */
const mostClaims = 50

/** Waits between two attempts, at most 500 ms, so that writers side by side do not meet again at once. */
const announcePause = (attempt: number): Promise<void> =>
  sleep(Math.random() * Math.min(20 * (attempt + 1), 500))

/** Returns the profile that a StructureDefinition announces: a constraint of a resource type that is not retired. */
const profileOf = (id: string, resource: Resource | undefined): AnnouncedProfile[] => {
  const { url, type, kind, derivation, status }: Record<string, unknown> = resource ?? {}
  const isProfile = kind === 'resource' && derivation === 'constraint' && status !== 'retired'
  const isListed = typeof url === 'string' && url.length <= longestAnnouncedUrl
  return isProfile && isListed && typeof type === 'string' && isResourceType(type) ? [{ id, type, url }] : []
}

/** Leaves out the last profiles, by id, of an announcement that would be too long; claims always fit. */
const fitting = (announced: Announced): Announced => {
  let left = longestAnnouncement - announcedText({ ...announced, profiles: [] }).length
  const profiles = announced.profiles.filter((profile) => {
    left -= JSON.stringify(profile).length + 1
    return left >= 0
  })
  return { ...announced, profiles }
}

type Revise = (announced: Announced) => Promise<Announced>

/**
 * Changes the announcement, again and again while other writers are faster. An unchanged announcement is published again.
 */
const revise = async ({ store, now }: Pick<Context, 'store' | 'now'>, change: Revise): Promise<void> => {
  for (let attempt = 0; attempt < maxAnnounceAttempts; attempt++) {
    const present = await store.announcement()
    const before = announcedIn(present)
    const after = fitting(await change(before))
    const isSame = announcedText(after) === announcedText(before)
    if (isSame && present.version === 0) return
    const next = isSame
      ? present
      : nextAnnouncement(present, { ...after, date: laterDate(before.date, now()) })
    if (await announced(store, next)) return
    await announcePause(attempt)
  }
  throw failure('busy', 'Others change the announced profiles at the same time. Try again in a moment.')
}

/** Returns the present, or the last date where that is later: the clocks of writers differ. */
const laterDate = (last: string | undefined, now: number): string => {
  const present = new Date(now).toISOString()
  return last !== undefined && last > present ? last : present
}

const announced = async (store: Context['store'], next: Announcement): Promise<boolean> => {
  try {
    await store.announce(next)
    return true
  } catch (thrown) {
    if (!isKind(thrown, 'version-conflict')) throw thrown
    return false
  }
}

const byId = (a: AnnouncedProfile, b: AnnouncedProfile): number => (a.id < b.id ? -1 : 1)

/** Announces the profiles among these StructureDefinitions, and withdraws those that are no longer a profile. */
export const announceProfiles = (
  ids: readonly string[],
  context: Pick<Context, 'store' | 'now'>,
): Promise<void> =>
  revise(context, async ({ profiles, ...rest }) => {
    const versions = await context.store.get(ids.map((id) => ({ type: 'StructureDefinition', id })))
    const stored = ids.flatMap((id, i) => {
      const version = versions[i]
      return profileOf(id, version && !version.deleted ? (JSON.parse(version.text) as Resource) : undefined)
    })
    const kept = profiles.filter(({ id }) => !ids.includes(id))
    return { ...rest, profiles: [...kept, ...stored].sort(byId) }
  })

/** Announces that the search parameters were changed. */
export const announceDefinitions = async (context: Pick<Context, 'store' | 'now'>): Promise<void> => {
  const { version } = await context.store.definitions()
  await revise(context, async (present) => ({ ...present, definitions: version }))
}

/** Adds a claim, in place of a claim of another version of the same guide; fails with `too-costly` above fifty. */
export const addClaim = (claim: Claim, context: Pick<Context, 'store' | 'now'>): Promise<void> =>
  revise(context, async ({ claims, ...rest }) => {
    const others = claims.filter((each) => !isSameGuide(each, claim.guide))
    if (others.length < mostClaims) return { ...rest, claims: [...others, claim] }
    throw failure(
      'too-costly',
      `At most ${mostClaims} guides are claimed at once. Withdraw one first.`,
      'guide',
    )
  })

/** Withdraws the claim of a guide, named with or without its version. */
export const withdrawClaim = (guide: string, context: Pick<Context, 'store' | 'now'>): Promise<void> =>
  revise(context, async ({ claims, ...rest }) => ({
    ...rest,
    claims: claims.filter((each) => !isSameGuide(each, guide)),
  }))

const isSameGuide = ({ guide }: Claim, other: string): boolean => guide.split('|')[0] === other.split('|')[0]
