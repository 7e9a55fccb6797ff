import type { Rule } from './compile/rule.ts'
import type { Item } from './item.ts'
import { informOfSupport, type ProfileRun, refuse } from './run.ts'

/** Checks the number of values of an element or of a slice. */
export const checkCount = (run: ProfileRun, rule: Rule, name: string, items: readonly Item[]): void => {
  const count = items.length
  if (count < rule.min)
    refuse(run, 'profile-required', `expected at least ${rule.min} \`${name}\`, found ${count}`)
  if (count > rule.max)
    refuse(
      run,
      'profile-structure',
      rule.max === 0
        ? `\`${name}\` must not be given`
        : `expected at most ${rule.max} \`${name}\`, found ${count}`,
    )
  if (count === 0 && rule.mustSupport && rule.min === 0) informOfSupport(run, name)
}
