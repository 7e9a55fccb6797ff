/** The permissions of each group of the user pool. */

/**
 * The actions on a type of resource; `administer` covers maintenance such as the index; `bundle` is the right to post a
 * Bundle, whose entries are checked singly.
 */
export const actions = [
  'read',
  'search',
  'history',
  'create',
  'update',
  'patch',
  'delete',
  'bundle',
  'operation',
  'administer',
] as const

export type Action = (typeof actions)[number]

const onlyTypes = (...some: Action[]): ReadonlySet<Action> => new Set(some)
const but = (...some: Action[]): ReadonlySet<Action> =>
  new Set(actions.filter((action) => !some.includes(action)))

/** A group that is not listed here may do nothing. */
export const groups: Readonly<Record<string, ReadonlySet<Action>>> = {
  admin: onlyTypes(...actions),
  clinician: but('administer'),
  loader: onlyTypes('read', 'create', 'update', 'bundle'),
  viewer: onlyTypes('read', 'search', 'history'),
}
