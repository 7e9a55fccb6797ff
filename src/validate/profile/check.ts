/** Whether a value is what a profile asks for, https://hl7.org/fhir/R4/profiling.html */

import { isObject } from '../../fhir/json/object.ts'
import { shown } from '../run.ts'
import { checkBinding } from './binding.ts'
import type { Profile, Rule } from './compile/rule.ts'
import { checkCount } from './count.ts'
import { checkConstraints } from './invariants.ts'
import { contentOf, type Item, itemsAt, objectOf } from './item.ts'
import { atItem, type ProfileChecks, type ProfileRun, refuse } from './run.ts'
import { compared, isEqual, meetsPattern } from './same.ts'
import { checkSlices } from './slices.ts'
import { checkTypes } from './types.ts'

/** Checks a value against a profile; one that is being judged by it already is taken as judged. */
export const checkProfile = (run: ProfileRun, profile: Profile, item: Item): void => {
  const known = run.judging.get(item.value) ?? new Set()
  if (known.has(profile.url)) return
  run.judging.set(item.value, known.add(profile.url))
  const before = run.profile
  run.profile = profile
  if (isOfType(profile, item)) checkItem(run, profile.root, item)
  else refuse(run, 'profile-structure', `expected \`${profile.type}\`, found \`${item.type}\``)
  run.profile = before
  known.delete(profile.url)
}

const isOfType = ({ type }: Profile, item: Item): boolean =>
  type === item.type || type === 'Element' || type === 'Resource' || type === 'DomainResource'

/** Checks one value of an element. */
const checkItem = (run: ProfileRun, rule: Rule, item: Item): void => {
  const { root, resource } = run
  enter(run, item)
  if (rule.types) checkTypes(run, rule.types, item)
  checkValue(run, rule, item)
  if (rule.binding) checkBinding(run, rule.binding, item)
  if (rule.constraints.length > 0) checkConstraints(run, rule.constraints, item)
  checkChildren(run, rule, item)
  if (rule.like) checkChildren(run, rule.like, item)
  run.root = root
  run.resource = resource
}

/** A resource within another is the nearest one to what is in it; its `#id` links are its own unless it is contained. */
const enter = (run: ProfileRun, { value, content }: Item): void => {
  if (!isObject(value) || value.resourceType !== content || value === run.resource) return
  run.resource = value
  if (run.path.at(-2) !== 'contained') run.root = value
}

const checkChildren = (run: ProfileRun, { children }: Rule, item: Item): void => {
  const object = objectOf(item)
  if (!object) return
  const content = contentOf(item)
  for (const child of children) {
    run.path.push(child.name)
    checkElement(run, child, itemsAt(object, content, child.name))
    run.path.pop()
  }
}

/** Checks all values of an element together. */
const checkElement = (run: ProfileRun, rule: Rule, items: readonly Item[]): void => {
  checkCount(run, rule, rule.name, items)
  for (const item of items) atItem(run, item, () => checkItem(run, rule, item))
  checkSlices(run, rule, items)
}

const checkValue = (run: ProfileRun, rule: Rule, { value }: Item): void => {
  if (rule.fixed !== undefined && !isEqual(value, rule.fixed))
    refuse(run, 'profile-value', `expected exactly ${shown(rule.fixed)}, found ${shownOr(value)}`)
  if (rule.pattern !== undefined && !meetsPattern(value, rule.pattern))
    refuse(
      run,
      'profile-value',
      `expected ${shown(rule.pattern)}, perhaps with more, found ${shownOr(value)}`,
    )
  if (rule.maxLength !== undefined && typeof value === 'string' && value.length > rule.maxLength)
    refuse(run, 'profile-value', `expected at most ${rule.maxLength} characters, found ${value.length}`)
  if ((compared(value, rule.least) ?? 0) < 0)
    refuse(run, 'profile-value', `expected ${shown(rule.least)} or more, found ${shown(value)}`)
  if ((compared(value, rule.greatest) ?? 0) > 0)
    refuse(run, 'profile-value', `expected ${shown(rule.greatest)} or less, found ${shown(value)}`)
}

const shownOr = (value: unknown): string => (value === undefined ? 'no value' : shown(value))

export const profileChecks: ProfileChecks = { profile: checkProfile, item: checkItem }
