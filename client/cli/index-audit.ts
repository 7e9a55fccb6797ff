// docs/index-audit.md
import type { Parameters } from 'fhir/r4.js'
import { parseExact } from '../exact.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { openSession, type Session } from './session.ts'
import { table } from './table.ts'

const kinds = ['missing', 'wrong', 'stale'] as const

type Counts = Record<string, number>

/** What was found so far, in the whole and by list. */
interface Found {
  all: Counts
  lists: Map<string, Counts>
}

type Parameter = NonNullable<Parameters['parameter']>[number]

const countsIn = (parameters: readonly Parameter[]): Counts =>
  Object.fromEntries(
    parameters
      .filter(({ valueUnsignedInt }) => valueUnsignedInt !== undefined)
      .map(({ name, valueUnsignedInt }) => [name, Number(valueUnsignedInt)]),
  )

const add = (to: Counts, more: Counts): void => {
  for (const [name, count] of Object.entries(more)) to[name] = (to[name] ?? 0) + count
}

const take = ({ all, lists }: Found, parameters: readonly Parameter[]): void => {
  add(all, countsIn(parameters))
  for (const { name, part = [] } of parameters) {
    if (name !== 'list') continue
    const list = part[0]?.valueString ?? ''
    const counts = lists.get(list) ?? {}
    add(counts, countsIn(part))
    lists.set(list, counts)
  }
}

const pieceOf = async (
  session: Session,
  path: string,
  repair: boolean,
  cursor: string,
): Promise<Parameter[]> => {
  const query = new URLSearchParams({ ...(repair && { repair: 'true' }), ...(cursor && { cursor }) })
  const text = await session.text(`${path}/$check-index?${query}`, repair ? '' : undefined)
  return (parseExact(text) as Parameters).parameter ?? []
}

const askedFor = ({ words }: Command): { path: string; repair: boolean } => {
  const [action, path = '', ...more] = words
  if (
    (action === 'check' || action === 'repair') &&
    /^[A-Z]\w+(\/[\w.-]{1,64})?$/.test(path) &&
    more.length === 0
  )
    return { path, repair: action === 'repair' }
  throw new UsageError(
    'Say what: `pilotlight index check Observation` or `pilotlight index repair Patient/ID`.',
  )
}

const told = ({ all, lists }: Found, repair: boolean): string => {
  const drift = kinds.reduce((sum, kind) => sum + (all[kind] ?? 0), 0)
  const head = `${all.resources} resources and ${all.entries} entries looked through.`
  if (drift === 0) return `${head} The index is as the resources say.`
  const rows = [...lists].map(([name, counts]) => [...kinds.map((kind) => String(counts[kind] ?? 0)), name])
  const tail = repair ? `${drift} entries repaired.` : `${drift} entries to be repaired.`
  return `${table([[...kinds.map((kind) => kind.toUpperCase()), 'LIST'], ...rows])}\n${head} ${tail}`
}

/** Checks or repairs the index of a type, a patient or one resource, piece by piece; a check that finds drift has failed. */
export const index = async (command: Command): Promise<Done> => {
  const { path, repair } = askedFor(command)
  const session = await openSession(command, 'admin')
  const found: Found = { all: {}, lists: new Map() }
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const parameters = await pieceOf(session, path, repair, cursor)
    take(found, parameters)
    cursor = parameters.find(({ name }) => name === 'cursor')?.valueString
  }
  const failed = !repair && kinds.some((kind) => (found.all[kind] ?? 0) > 0)
  const text = command.json
    ? JSON.stringify({ ...found.all, lists: Object.fromEntries(found.lists) }, null, 2)
    : told(found, repair)
  return { text, failed }
}
