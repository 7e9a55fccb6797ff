/** The checks of a value against a profile, https://hl7.org/fhir/R4/profiling.html */

import { isObject } from '../../fhir/json/object.ts'
import { shownValue } from '../run.ts'
import { checkBinding } from './binding.ts'
import type { Profile, Rule } from './compile/rule.ts'
import { checkCount } from './count.ts'
import { checkConstraints } from './invariants.ts'
import { type ElementItem, elementItems, itemObject, objectContentOf } from './item.ts'
import { atItem, breakProfile, type ProfileChecks, type ProfileRun } from './run.ts'
import { compared, isEqual, meetsPattern } from './same.ts'
import { checkSlices } from './slices.ts'
import { checkTypes } from './types.ts'

/**
 * Checks a value against a profile; a value under check by the same profile is passed over, since references may lead in
 * circles.
 */
export const checkProfile = (run: ProfileRun, profile: Profile, item: ElementItem): void => {
  const known = run.judging.get(item.value) ?? new Set()
  if (known.has(profile.url)) return
  run.judging.set(item.value, known.add(profile.url))
  const before = run.profile
  run.profile = profile
  if (isOfType(profile, item)) checkItem(run, profile.root, item)
  else breakProfile(run, 'profile-structure', `expected \`${profile.type}\`, found \`${item.type}\``)
  run.profile = before
  known.delete(profile.url)
}

const isOfType = ({ type }: Profile, item: ElementItem): boolean =>
  type === item.type || type === 'Element' || type === 'Resource' || type === 'DomainResource'

/** Checks a single value of an element. */
const checkItem = (run: ProfileRun, rule: Rule, item: ElementItem): void => {
  const { root, resource } = run
  enterResource(run, item)
  if (rule.types) checkTypes(run, rule.types, item)
  checkItemValue(run, rule, item)
  if (rule.binding) checkBinding(run, rule.binding, item)
  if (rule.constraints.length > 0) checkConstraints(run, rule.constraints, item)
  checkChildren(run, rule, item)
  if (rule.like) checkChildren(run, rule.like, item)
  run.root = root
  run.resource = resource
}

/**
 * Notes an inner resource as the nearest resource of its content; its `#id` links are its own unless the resource is
 * contained.
 */
const enterResource = (run: ProfileRun, { value, content }: ElementItem): void => {
  if (!isObject(value) || value.resourceType !== content || value === run.resource) return
  run.resource = value
  if (run.path.at(-2) !== 'contained') run.root = value
}

const checkChildren = (run: ProfileRun, { children }: Rule, item: ElementItem): void => {
  const object = itemObject(item)
  if (!object) return
  const content = objectContentOf(item)
  for (const child of children) {
    run.path.push(child.name)
    checkItems(run, child, elementItems(object, content, child.name))
    run.path.pop()
  }
}

/** Checks all values of an element together. */
const checkItems = (run: ProfileRun, rule: Rule, items: readonly ElementItem[]): void => {
  checkCount(run, rule, rule.name, items)
  for (const item of items) atItem(run, item, () => checkItem(run, rule, item))
  checkSlices(run, rule, items)
}

const checkItemValue = (run: ProfileRun, rule: Rule, { value }: ElementItem): void => {
  if (rule.fixed !== undefined && !isEqual(value, rule.fixed))
    breakProfile(run, 'profile-value', `expected exactly ${shownValue(rule.fixed)}, found ${shownOr(value)}`)
  if (rule.pattern !== undefined && !meetsPattern(value, rule.pattern))
    breakProfile(
      run,
      'profile-value',
      `expected ${shownValue(rule.pattern)}, perhaps with more, found ${shownOr(value)}`,
    )
  if (rule.maxLength !== undefined && typeof value === 'string' && value.length > rule.maxLength)
    breakProfile(run, 'profile-value', `expected at most ${rule.maxLength} characters, found ${value.length}`)
  if ((compared(value, rule.least) ?? 0) < 0)
    breakProfile(
      run,
      'profile-value',
      `expected ${shownValue(rule.least)} or more, found ${shownValue(value)}`,
    )
  if ((compared(value, rule.greatest) ?? 0) > 0)
    breakProfile(
      run,
      'profile-value',
      `expected ${shownValue(rule.greatest)} or less, found ${shownValue(value)}`,
    )
}

const shownOr = (value: unknown): string => (value === undefined ? 'no value' : shownValue(value))

export const profileChecks: ProfileChecks = { profile: checkProfile, item: checkItem }
