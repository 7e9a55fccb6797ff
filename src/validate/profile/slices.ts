/** https://hl7.org/fhir/R4/profiling.html#slicing */

import { isObject } from '../../fhir/json/object.ts'
import { each } from '../../fhir/values.ts'
import { checkBinding } from './binding.ts'
import { coreType } from './compile/definition.ts'
import type { DiscriminatorStep, Rule, Slice, SliceMark, Slicing } from './compile/rule.ts'
import { checkCount } from './count.ts'
import { type ElementItem, elementItems, itemObject, objectContentOf, resourceItem } from './item.ts'
import { resolvedLocally, targetType } from './resolve.ts'
import { atItem, breakProfile, isQuiet, type ProfileRun, profileAt } from './run.ts'
import { isEqual, meetsPattern } from './same.ts'

/** Assigns the values of an element to slices, and checks each value by its slice's rule. */
export const checkSlices = (run: ProfileRun, rule: Rule, items: readonly ElementItem[]): void => {
  const { slicing } = rule
  if (!slicing) return
  const taken = items.map((item) => sliceOf(run, slicing, item))
  checkOrder(run, slicing, items, taken)
  for (const [i, slice] of slicing.slices.entries())
    checkSlice(
      run,
      rule,
      slice,
      items.filter((_, at) => taken[at] === i),
    )
  const rest = items.filter((_, at) => taken[at] === -1)
  if (slicing.otherwise) checkSlice(run, rule, slicing.otherwise, rest)
  else if (slicing.rules === 'closed')
    for (const item of rest) atItem(run, item, () => refuseRest(run, slicing))
}

const checkSlice = (run: ProfileRun, { name }: Rule, slice: Slice, items: readonly ElementItem[]): void => {
  checkCount(run, slice.rule, `${name}:${slice.name}`, items)
  for (const item of items) atItem(run, item, () => run.checks.item(run, slice.rule, item))
  if (slice.rule.slicing) checkSlices(run, { ...slice.rule, name }, items)
}

const refuseRest = (run: ProfileRun, { slices }: Slicing): void =>
  breakProfile(
    run,
    'profile-structure',
    `expected one of ${slices.map(({ name }) => `\`${name}\``).join(', ')}, found none of them`,
  )

const checkOrder = (
  run: ProfileRun,
  { ordered, rules, slices }: Slicing,
  items: readonly ElementItem[],
  taken: readonly number[],
): void => {
  let last = -1
  let ended = false
  for (const [i, item] of items.entries()) {
    const slice = taken[i] ?? -1
    const name = slices[slice]?.name
    if (slice === -1) ended = true
    else if (ended && rules === 'openAtEnd')
      atItem(run, item, () =>
        breakProfile(run, 'profile-structure', `expected \`${name}\` before all that belongs to no slice`),
      )
    else if (ordered && slice < last)
      atItem(run, item, () =>
        breakProfile(run, 'profile-structure', `expected \`${name}\` before \`${slices[last]?.name}\``),
      )
    last = Math.max(last, slice)
  }
}

/** The values at the end of a discriminator's steps, kept for all slices. */
type ReachedItems = Map<readonly DiscriminatorStep[], readonly ElementItem[]>

const sliceOf = (run: ProfileRun, { slices }: Slicing, item: ElementItem): number => {
  const reached: ReachedItems = new Map()
  return slices.findIndex((slice) => takesItem(run, slice, item, reached))
}

/** Returns whether a slice takes a value: by its marks; without marks, by its rule. */
const takesItem = (
  run: ProfileRun,
  { rule, marks }: Slice,
  item: ElementItem,
  reached: ReachedItems,
): boolean =>
  marks.length > 0
    ? marks.every((mark) => meets(run, mark, item, reached))
    : isQuiet(run, () => run.checks.item(run, rule, item))

const reach = (
  run: ProfileRun,
  steps: readonly DiscriminatorStep[],
  item: ElementItem,
): readonly ElementItem[] =>
  steps.reduce<readonly ElementItem[]>(
    (items, step) => items.flatMap((each) => after(run, each, step)),
    [item],
  )

const meets = (run: ProfileRun, mark: SliceMark, item: ElementItem, reached: ReachedItems): boolean => {
  const found = reached.get(mark.steps) ?? reach(run, mark.steps, item)
  reached.set(mark.steps, found)
  if (mark.kind === 'exists') return mark.rule.max === 0 ? found.length === 0 : found.length > 0
  return found.some((each) =>
    mark.beyond ? meetsBeyond(run, mark, mark.beyond, each) : meetsRule(run, mark, each),
  )
}

const after = (run: ProfileRun, item: ElementItem, step: DiscriminatorStep): readonly ElementItem[] => {
  if (step.kind === 'type') return item.type === step.type ? [item] : []
  if (step.kind === 'resolve') return resolvedItems(run, item)
  const object = itemObject(item)
  if (!object) return []
  if (step.kind === 'member') return elementItems(object, objectContentOf(item), step.name)
  return elementItems(object, objectContentOf(item), 'extension').filter(
    ({ value }) => isObject(value) && value.url === step.url,
  )
}

/** Returns a reference's target; if only its type is known, an empty resource of that type. */
const resolvedItems = (run: ProfileRun, { value }: ElementItem): ElementItem[] => {
  const reference = isObject(value) ? value : { reference: value }
  const target = resolvedLocally(run, reference.reference)
  if (target) return [resourceItem(target)]
  const type = targetType(run, reference)
  return type === undefined ? [] : [resourceItem({ resourceType: type })]
}

const meetsRule = (run: ProfileRun, { kind, rule }: SliceMark, item: ElementItem): boolean => {
  if (kind === 'type') return (rule.types ?? []).some(({ code }) => code === item.type || code === 'Resource')
  if (kind === 'value') return meetsValue(run, rule, item)
  return meetsProfiles(
    run,
    (rule.types ?? []).flatMap(({ profiles }) => profiles),
    item,
  )
}

const meetsValue = (run: ProfileRun, rule: Rule, item: ElementItem): boolean => {
  if (rule.fixed !== undefined) return isEqual(item.value, rule.fixed)
  if (rule.pattern !== undefined) return meetsPattern(item.value, rule.pattern)
  const { binding } = rule
  if (binding) return isQuiet(run, () => checkBinding(run, { ...binding, strength: 'required' }, item))
  return isQuiet(run, () => run.checks.item(run, rule, item))
}

const meetsProfiles = (run: ProfileRun, urls: readonly string[], item: ElementItem): boolean =>
  urls.some((url) => {
    if (coreType(url) === item.type) return true
    const profile = profileAt(run, url)
    return profile ? isQuiet(run, () => run.checks.profile(run, profile, item)) : false
  })

const meetsBeyond = (
  run: ProfileRun,
  { kind }: SliceMark,
  { profiles, steps }: NonNullable<SliceMark['beyond']>,
  item: ElementItem,
): boolean => {
  if (kind === 'profile') return meetsProfiles(run, profiles, item)
  return profiles.some((url) => {
    const profile = coreType(url) === undefined ? profileAt(run, url) : null
    if (kind === 'type') return (profile?.type ?? coreType(url)) === item.type
    const rule = profile && steps.reduce<Rule | undefined>(next, profile.root)
    return rule ? meetsValue(run, rule, item) : false
  })
}

const next = (rule: Rule | undefined, step: DiscriminatorStep): Rule | undefined =>
  step.kind === 'member' ? each(rule?.children).find(({ name }) => name === step.name) : rule
