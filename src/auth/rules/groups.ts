/** What the members of each group of the user pool may do. */

/** The things that can be done to a type of resource; `administer` is care of the index and the like; `bundle` is the right to post one, its entries ask for their own. */
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

const only = (...some: Action[]): ReadonlySet<Action> => new Set(some)
const but = (...some: Action[]): ReadonlySet<Action> =>
  new Set(actions.filter((action) => !some.includes(action)))

/** A group that is not listed here may do nothing. */
export const groups: Readonly<Record<string, ReadonlySet<Action>>> = {
  admin: only(...actions),
  clinician: but('administer'),
  loader: only('read', 'create', 'update', 'bundle'),
  viewer: only('read', 'search', 'history'),
}
