/**
 * Types, their profiles, and the targets of references:
 * https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
 */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { coreType, shortName } from './compile/definition.ts'
import type { TypeLimit } from './compile/rule.ts'
import { type ElementItem, resourceItem } from './item.ts'
import { resolvedLocally, targetType } from './resolve.ts'
import { breakProfile, inform, isQuiet, type ProfileRun, profileAt } from './run.ts'

/** Checks the type of a value, the profiles of that type, and the target of a reference. */
export const checkTypes = (run: ProfileRun, types: readonly TypeLimit[], item: ElementItem): void => {
  const limits = types.filter(({ code }) => isOfCode(code, item))
  if (limits.length === 0) {
    const names = types.map(({ code }) => `\`${code}\``).join(' or ')
    breakProfile(run, 'profile-structure', `expected ${names}, found \`${item.type}\``)
    return
  }
  const profiles = limits.flatMap((limit) => limit.profiles)
  // An extension is checked by its own address, wherever it stands.
  if (profiles.length > 0 && item.type !== 'Extension') checkAnyOf(run, profiles, item)
  if (isObject(item.value)) checkReference(run, limits, item.value)
}

const checkReference = (run: ProfileRun, limits: readonly TypeLimit[], reference: Json): void => {
  const targets = limits.flatMap((limit) => limit.targets)
  if (targets.length > 0) checkTarget(run, targets, reference)
  const places = limits.flatMap(({ aggregation }) => aggregation)
  if (places.length > 0) checkAggregation(run, places, reference)
  for (const { versioning } of limits) checkVersioning(run, versioning, reference)
}

const referencePlaces = (run: ProfileRun, reference: string): readonly string[] => {
  if (reference.startsWith('#')) return ['contained']
  return resolvedLocally(run, reference) ? ['referenced', 'bundled'] : ['referenced']
}

const checkAggregation = (run: ProfileRun, places: readonly string[], { reference }: Json): void => {
  if (
    typeof reference !== 'string' ||
    referencePlaces(run, reference).some((place) => places.includes(place))
  )
    return
  const names = places.map((place) => `\`${place}\``).join(' or ')
  breakProfile(run, 'profile-value', `expected a reference to what is ${names}`, 'reference')
}

const checkVersioning = (run: ProfileRun, versioning: string, { reference }: Json): void => {
  if (typeof reference !== 'string' || reference.startsWith('#')) return
  const isSpecific = reference.includes('/_history/')
  if (versioning === 'specific' && !isSpecific)
    breakProfile(run, 'profile-value', 'expected a reference to one version', 'reference')
  if (versioning === 'independent' && isSpecific)
    breakProfile(run, 'profile-value', 'expected a reference to no version in particular', 'reference')
}

const general: ReadonlySet<string> = new Set(['Resource', 'DomainResource', 'Element', 'BackboneElement'])

const isOfCode = (code: string, { type }: ElementItem): boolean => code === type || general.has(code)

const checkAnyOf = (run: ProfileRun, urls: readonly string[], item: ElementItem): void => {
  const [only, ...more] = urls
  if (only !== undefined && more.length === 0) checkAgainst(run, only, item)
  else if (!urls.some((url) => isQuiet(run, () => checkAgainst(run, url, item))))
    breakProfile(
      run,
      'profile-structure',
      `expected what meets one of ${urls.map(shortName).join(', ')}; it meets none`,
    )
}

const checkAgainst = (run: ProfileRun, url: string, item: ElementItem): void => {
  if (coreType(url) === item.type) return
  const profile = profileAt(run, url)
  if (profile) run.checks.profile(run, profile, item)
  else if (profile === null)
    inform(run, 'not-found', `${shortName(url)} is not held here, so nothing was checked by it`)
}

const checkTarget = (run: ProfileRun, urls: readonly string[], reference: Json): void => {
  const type = targetType(run, reference)
  if (type === undefined) return
  const allowed = urls.map((url) => ({ url, type: coreType(url) ?? profileAt(run, url)?.type }))
  const mine = allowed.filter((each) => each.type === type || each.type === undefined)
  if (mine.length === 0) {
    const names = [...new Set(allowed.map((each) => `\`${each.type}\``))].join(' or ')
    breakProfile(
      run,
      'profile-value',
      `expected a reference to ${names}, found one to \`${type}\``,
      'reference',
    )
  } else
    checkTargetProfile(
      run,
      mine.map(({ url }) => url),
      reference,
    )
}

/** Checks the target of a reference to a contained resource or within the same Bundle. */
const checkTargetProfile = (run: ProfileRun, urls: readonly string[], { reference }: Json): void => {
  const target = resolvedLocally(run, reference)
  if (!target || urls.some((url) => coreType(url) !== undefined)) return
  const item = resourceItem(target)
  if (urls.some((url) => isQuiet(run, () => checkAgainst(run, url, item)))) return
  const names = urls.map(shortName).join(' or ')
  breakProfile(run, 'profile-value', `expected a reference to what meets ${names}; it does not`, 'reference')
}
