import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { referenceTo } from '../../../fhir/references.ts'
import { type Key, memberKey } from '../../keys.ts'
import { inChunks } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { readAll } from '../batch.ts'
import type { Session } from '../session.ts'

/** A resource as a write of several left it. */
export interface MemberVersion extends ResourceKey {
  v: number
}

/** Version numbers by type and id. */
type Listed = Record<string, Record<string, number>>

/** A row of the `system` table that lists members of a write of several resources, or says in how many rows they are. */
interface MemberRow extends Key {
  members?: Uint8Array
  parts?: Record<string, number>
  ttl: number
}

/** How many members a row lists at the most. */
const mostInRow = 500

/** Rows are of use while a write id is not older than any search, which is 26 minutes; in seconds. */
const day = 24 * 3600

const encode = (members: readonly MemberVersion[]): Uint8Array => {
  const listed: Listed = {}
  for (const { type, id, v } of members) {
    const ofType = listed[type] ?? {}
    ofType[id] = v
    listed[type] = ofType
  }
  return deflateRawSync(JSON.stringify(listed))
}

const decode = (bytes: Uint8Array): Listed => JSON.parse(inflateRawSync(bytes).toString()) as Listed

/** Returns the rows that list a write's members: one, or those of each type and one that counts them. */
export const memberRows = (
  { tenant, clock }: Session,
  list: string,
  members: readonly MemberVersion[],
): Record<string, unknown>[] => {
  const ttl = Math.floor(clock.now() / 1000) + day
  if (members.length <= mostInRow)
    return [{ ...memberKey(tenant, list), members: encode(members), ttl } satisfies MemberRow]
  const byType = [...Map.groupBy(members, ({ type }) => type)].map(
    ([type, all]) => [type, inChunks(all, mostInRow)] as const,
  )
  const parts = Object.fromEntries(byType.map(([type, chunks]) => [type, chunks.length]))
  const rows = byType.flatMap(([type, chunks]) =>
    chunks.map((chunk, part) => ({ ...memberKey(tenant, list, type, part), members: encode(chunk), ttl })),
  )
  return [{ ...memberKey(tenant, list), parts, ttl }, ...rows]
}

const isAsked = (types: ReadonlySet<string>, type: string): boolean => types.has(type) || types.has('*')

const partKeys = (
  { tenant }: Session,
  list: string,
  parts: Record<string, number>,
  types: ReadonlySet<string>,
) =>
  Object.entries(parts)
    .filter(([type]) => isAsked(types, type))
    .flatMap(([type, count]) =>
      Array.from({ length: count }, (_, part) => memberKey(tenant, list, type, part)),
    )

/**
 * Returns what these writes of several resources list of these types, `*` standing for all, as version numbers by `Type/id`. Of a write whose
 * rows have expired, or that was made before there were any, nothing is listed. Reads are consistent.
 */
export const membersOf = async (
  session: Session,
  lists: readonly string[],
  types: ReadonlySet<string>,
): Promise<Map<string, ReadonlyMap<string, number>>> => {
  const { tables, tenant } = session
  const nameOf = new Map(lists.map((list) => [memberKey(tenant, list).pk, list]))
  const heads = await readAll<MemberRow>(
    session,
    tables.system,
    lists.map((list) => memberKey(tenant, list)),
  )
  const keys = heads.flatMap(({ pk, parts }) =>
    parts ? partKeys(session, nameOf.get(pk) ?? '', parts, types) : [],
  )
  const rows = keys.length > 0 ? await readAll<MemberRow>(session, tables.system, keys) : []
  const found = new Map<string, Map<string, number>>(lists.map((list) => [list, new Map()]))
  for (const { pk, members } of [...heads, ...rows]) {
    const listed = found.get(nameOf.get(pk) ?? '')
    for (const [type, ids] of members ? Object.entries(decode(members)) : [])
      if (isAsked(types, type))
        for (const [id, v] of Object.entries(ids)) listed?.set(referenceTo({ type, id }), v)
  }
  return found
}
