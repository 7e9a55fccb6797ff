/** Announces stored profiles in the CapabilityStatement: https://hl7.org/fhir/R4/structuredefinition.html */

import type { Resource } from '../../fhir/definitions.ts'
import { isResourceType } from '../../fhir/types.ts'
import { isKind } from '../../outcome/failure.ts'
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

/** The maximum of attempts. Writers that load a package side by side change the announcement in turn. */
const maxAnnounceAttempts = 200

/** Waits between two attempts, at most 500 ms, so that writers side by side do not meet again at once. */
const announcePause = (attempt: number): Promise<void> =>
  sleep(Math.random() * Math.min(20 * (attempt + 1), 500))

/** Returns the profile that a StructureDefinition announces: a constraint of a resource type that is not retired. */
const profileOf = (id: string, resource: Resource | undefined): AnnouncedProfile[] => {
  const { url, type, kind, derivation, status }: Record<string, unknown> = resource ?? {}
  const isProfile = kind === 'resource' && derivation === 'constraint' && status !== 'retired'
  return isProfile && typeof url === 'string' && typeof type === 'string' && isResourceType(type)
    ? [{ id, type, url }]
    : []
}

type Revise = (announced: Announced) => Promise<Announced>

/**
 * Changes the announcement, again and again while other writers are faster. An unchanged announcement is published again.
 */
const revise = async ({ store, now }: Pick<Context, 'store' | 'now'>, change: Revise): Promise<void> => {
  for (let attempt = 0; attempt < maxAnnounceAttempts; attempt++) {
    const present = await store.announcement()
    const before = announcedIn(present)
    const after = await change(before)
    const isSame = announcedText(after) === announcedText(before)
    if (isSame && present.version === 0) return
    const next = isSame
      ? present
      : nextAnnouncement(present, { ...after, date: new Date(now()).toISOString() })
    if (await announced(store, next)) return
    await announcePause(attempt)
  }
  throw new Error('The announcement is changed all the time.')
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

/** Adds a claim, in place of a claim of another version of the same guide. */
export const addClaim = (claim: Claim, context: Pick<Context, 'store' | 'now'>): Promise<void> =>
  revise(context, async ({ claims, ...rest }) => ({
    ...rest,
    claims: [...claims.filter((each) => !isSameGuide(each, claim.guide)), claim],
  }))

/** Withdraws the claim of a guide, named with or without its version. */
export const withdrawClaim = (guide: string, context: Pick<Context, 'store' | 'now'>): Promise<void> =>
  revise(context, async ({ claims, ...rest }) => ({
    ...rest,
    claims: claims.filter((each) => !isSameGuide(each, guide)),
  }))

const isSameGuide = ({ guide }: Claim, other: string): boolean => guide.split('|')[0] === other.split('|')[0]
