import type { Rule } from './compile/rule.ts'
import type { ElementItem } from './item.ts'
import { breakProfile, informOfSupport, type ProfileRun } from './run.ts'

/** Checks the number of values of an element or of a slice. */
export const checkCount = (
  run: ProfileRun,
  rule: Rule,
  name: string,
  items: readonly ElementItem[],
): void => {
  const count = items.length
  if (count < rule.min)
    breakProfile(run, 'profile-required', `expected at least ${rule.min} \`${name}\`, found ${count}`)
  if (count > rule.max)
    breakProfile(
      run,
      'profile-structure',
      rule.max === 0
        ? `\`${name}\` must not be given`
        : `expected at most ${rule.max} \`${name}\`, found ${count}`,
    )
  if (count === 0 && rule.mustSupport && rule.min === 0) informOfSupport(run, name)
}
