import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { referenceTo } from '../../../fhir/references.ts'
import { type Key, memberKey } from '../../keys.ts'
import { inChunks } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { readAll } from '../batch.ts'
import type { Session } from '../session.ts'

/** A resource's version that a write of several resources stored. */
export interface MemberVersion extends ResourceKey {
  v: number
}

/** Version numbers by type and id. */
type VersionsByType = Record<string, Record<string, number>>

/**
 * A row of the `system` table that lists members of a write of several resources, or the number of further rows by type.
 */
interface MemberRow extends Key {
  members?: Uint8Array
  parts?: Record<string, number>
  ttl: number
}

/** The most members in a row. */
const mostMembersInRow = 500

/** The lifetime of a row in seconds: rows are needed while a search may still meet the write, for 26 minutes. */
const rowLifetime = 24 * 3600

const encodeMembers = (members: readonly MemberVersion[]): Uint8Array => {
  const listed: VersionsByType = {}
  for (const { type, id, v } of members) {
    const ofType = listed[type] ?? {}
    ofType[id] = v
    listed[type] = ofType
  }
  return deflateRawSync(JSON.stringify(listed))
}

const decodeMembers = (bytes: Uint8Array): VersionsByType =>
  JSON.parse(inflateRawSync(bytes).toString()) as VersionsByType

/** Returns the rows that list a write's members: a single row, or the rows of each type and a row with their numbers. */
export const memberRows = (
  { tenant, clock }: Session,
  list: string,
  members: readonly MemberVersion[],
): Record<string, unknown>[] => {
  const ttl = Math.floor(clock.now() / 1000) + rowLifetime
  if (members.length <= mostMembersInRow)
    return [{ ...memberKey(tenant, list), members: encodeMembers(members), ttl } satisfies MemberRow]
  const byType = [...Map.groupBy(members, ({ type }) => type)].map(
    ([type, all]) => [type, inChunks(all, mostMembersInRow)] as const,
  )
  const parts = Object.fromEntries(byType.map(([type, chunks]) => [type, chunks.length]))
  const rows = byType.flatMap(([type, chunks]) =>
    chunks.map((chunk, part) => ({
      ...memberKey(tenant, list, type, part),
      members: encodeMembers(chunk),
      ttl,
    })),
  )
  return [{ ...memberKey(tenant, list), parts, ttl }, ...rows]
}

const isAskedType = (types: ReadonlySet<string>, type: string): boolean => types.has(type) || types.has('*')

const partKeys = (
  { tenant }: Session,
  list: string,
  parts: Record<string, number>,
  types: ReadonlySet<string>,
) =>
  Object.entries(parts)
    .filter(([type]) => isAskedType(types, type))
    .flatMap(([type, count]) =>
      Array.from({ length: count }, (_, part) => memberKey(tenant, list, type, part)),
    )

/**
 * Returns the members of these writes, by list, as version numbers by `Type/id`; `*` among the types means all types. A
 * write whose rows have expired, or that was made by software without these rows, has no members. Reads are consistent.
 */
export const memberVersions = async (
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
    for (const [type, ids] of members ? Object.entries(decodeMembers(members)) : [])
      if (isAskedType(types, type))
        for (const [id, v] of Object.entries(ids)) listed?.set(referenceTo({ type, id }), v)
  }
  return found
}
