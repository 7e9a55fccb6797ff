/** Rights by IAM's evaluation: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */

import type { PolicyStatement } from '../../deployed/model.ts'

/** A caller with the statements of its role. */
export interface PolicyPrincipal {
  name: string
  statements: readonly PolicyStatement[]
}

/** A use of a right: an action on an ARN. */
export interface RightUse {
  action: string
  resource: string
}

/** A right as a policy states it; the report lists rights without any use. */
export interface Right {
  principal: string
  action: string
  resource: string
}

const patterns = new Map<string, RegExp>()

/**
 * Returns whether a pattern covers a text: `*` is any number of characters, `?` a single character; actions are compared
 * without regard to case.
 */
const matchesPattern = (pattern: string, text: string, flags: '' | 'i'): boolean => {
  const key = `${flags}${pattern}`
  const known = patterns.get(key)
  if (known) return known.test(text)
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const compiled = new RegExp(`^${source}$`, flags)
  patterns.set(key, compiled)
  return compiled.test(text)
}

const covers = (
  { actions, resources }: PolicyStatement,
  { action, resource }: RightUse,
): Omit<Right, 'principal'>[] =>
  actions
    .filter((each) => matchesPattern(each, action, 'i'))
    .flatMap((each) =>
      resources
        .filter((arn) => matchesPattern(arn, resource, ''))
        .map((arn) => ({ action: each, resource: arn })),
    )

/** Returns the rights that allow a use; undefined when a statement denies it or no statement allows it. */
export const allowing = ({ name, statements }: PolicyPrincipal, use: RightUse): Right[] | undefined => {
  const denied = statements.some((each) => each.effect === 'Deny' && covers(each, use).length > 0)
  const allowed = statements.filter(({ effect }) => effect === 'Allow').flatMap((each) => covers(each, use))
  return denied || allowed.length === 0 ? undefined : allowed.map((right) => ({ principal: name, ...right }))
}

/** Returns every right that a principal's statements give. */
export const rightsOfPrincipal = ({ name, statements }: PolicyPrincipal): Right[] =>
  statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => ({ principal: name, action, resource }))),
    )
