/** Checks a resource against the profiles that the resource claims or must meet. */

import type { Json } from '../../fhir/json/object.ts'
import { type Spot, spotPath, walk } from '../../fhir/walk.ts'
import type { Issue } from '../../outcome/failure.ts'
import { checkProfile, profileChecks } from './check.ts'
import { claims } from './claims.ts'
import { bareProfile } from './compile/compile.ts'
import { shortName } from './compile/definition.ts'
import type { Profile } from './compile/rule.ts'
import { checkExtension } from './extensions.ts'
import { resourceItem } from './item.ts'
import { forbid, type Knowledge, type ProfileRun, profileAt, type Questions, warn } from './run.ts'

export interface ProfileDemands {
  /** The profiles that the resource must meet, claimed or not. */
  profiles: readonly string[]
  /** Whether checks that were not possible are reported too. */
  tell?: boolean
  /** Whether missing must-support elements are reported too. */
  mustSupport?: boolean
}

export interface ProfileJudgement {
  issues: Issue[]
  /** The lookups without which the issues are incomplete. */
  questions: Questions
}

/**
 * Returns the issues of a parsed, valid R4 resource by profiles, as far as the knowledge goes; to be repeated once the
 * questions are answered.
 */
export const judgeByProfiles = (
  resource: Json,
  { profiles, tell = false, mustSupport = false }: ProfileDemands,
  knowledge: Knowledge,
): ProfileJudgement => {
  const questions: Questions = { profiles: new Set(), codes: new Map() }
  const item = resourceItem(resource)
  const run: ProfileRun = {
    checks: profileChecks,
    issues: [],
    path: [item.type],
    root: resource,
    resource,
    bundle: resource.resourceType === 'Bundle' ? resource : undefined,
    profile: bareProfile(item.type, item.type),
    knowledge,
    questions,
    tell,
    mustSupport,
    judging: new Map(),
  }
  for (const url of new Set(profiles))
    byProfile(run, resource, url, () => forbid(run, 'profile-unknown', profileNotHeld(url)))
  walk(resource, (spot) => checkSpot(run, spot, profiles))
  return { issues: unique(run.issues), questions }
}

const profileNotHeld = (url: string): string =>
  `the profile ${shortName(url)} is not held here: \`${url}\` is the address of no StructureDefinition`

const byProfile = (run: ProfileRun, resource: Json, url: string, absent: () => void): void => {
  const profile: Profile | null | undefined = profileAt(run, url)
  if (profile) checkProfile(run, profile, resourceItem(resource))
  else if (profile === null) absent()
}

const checkSpot = (run: ProfileRun, spot: Spot, asked: readonly string[]): boolean => {
  const { object, content } = spot
  if (content !== 'Extension' && object.resourceType !== content) return true
  run.path.splice(0, run.path.length, ...spotPath(spot))
  if (content === 'Extension') inResource(run, resourceAround(spot), () => checkExtension(run, spot))
  else claimed(run, spot, spot.parent ? [] : asked)
  return true
}

const resourceAround = (spot: Spot): Spot =>
  spot.parent && spot.object.resourceType !== spot.content ? resourceAround(spot.parent) : spot

/** A contained resource shares the `#id` links of its container. */
const inResource = (run: ProfileRun, { object, element, parent }: Spot, check: () => void): void => {
  const { resource, root } = run
  run.resource = object
  run.root = element === 'contained' && parent ? parent.object : object
  check()
  run.resource = resource
  run.root = root
}

/** A claim that nobody here can judge is no fault of the resource. */
const claimed = (run: ProfileRun, spot: Spot, asked: readonly string[]): void => {
  const absent = (url: string) => (): void => warn(run, 'not-found', profileNotHeld(url), 'meta.profile')
  const urls = claims(spot.object).filter((url) => !asked.includes(url))
  inResource(run, spot, () => {
    for (const url of urls) byProfile(run, spot.object, url, absent(url))
  })
}

/** Two profiles may share a base, and so ask for the same. */
const unique = (issues: readonly Issue[]): Issue[] => [
  ...new Map(issues.map((issue) => [`${issue.expression} ${issue.diagnostics}`, issue])).values(),
]
