/** What the members of each group of the user pool may do. */

/** The things that can be done to a type of resource; `bundle` is the right to post one, its entries ask for their own. */
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
] as const

export type Action = (typeof actions)[number]

const all: ReadonlySet<Action> = new Set(actions)
const only = (...some: Action[]): ReadonlySet<Action> => new Set(some)

/** A group that is not listed here may do nothing. */
export const groups: Readonly<Record<string, ReadonlySet<Action>>> = {
  admin: all,
  clinician: all,
  loader: only('read', 'create', 'update', 'bundle'),
  viewer: only('read', 'search', 'history'),
}
