/** Rights as IAM judges them: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */

/** A statement of a role's policy, its ARNs resolved. */
export interface Statement {
  effect: 'Allow' | 'Deny'
  actions: readonly string[]
  resources: readonly string[]
}

/** Who calls, and what its role may do. */
export interface Principal {
  name: string
  statements: readonly Statement[]
}

/** One use of a right: an action on an ARN. */
export interface Use {
  action: string
  resource: string
}

/** A right as a policy states it; every one that was given should be used. */
export interface Right {
  principal: string
  action: string
  resource: string
}

const patterns = new Map<string, RegExp>()

/** `*` stands for any characters, `?` for one; actions are compared without regard to case. */
const matches = (pattern: string, text: string, flags: '' | 'i'): boolean => {
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

const covers = ({ actions, resources }: Statement, { action, resource }: Use): Omit<Right, 'principal'>[] =>
  actions
    .filter((each) => matches(each, action, 'i'))
    .flatMap((each) =>
      resources.filter((arn) => matches(arn, resource, '')).map((arn) => ({ action: each, resource: arn })),
    )

/** Returns the rights that allow a use, or nothing where it is denied: by a statement, or for want of one. */
export const allowing = ({ name, statements }: Principal, use: Use): Right[] | undefined => {
  const denied = statements.some((each) => each.effect === 'Deny' && covers(each, use).length > 0)
  const allowed = statements.filter(({ effect }) => effect === 'Allow').flatMap((each) => covers(each, use))
  return denied || allowed.length === 0 ? undefined : allowed.map((right) => ({ principal: name, ...right }))
}

/** Returns every right that a principal's statements give. */
export const rightsOf = ({ name, statements }: Principal): Right[] =>
  statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => ({ principal: name, action, resource }))),
    )
