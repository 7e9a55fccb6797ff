import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { failure } from '../../../outcome/failure.ts'
import type { Definitions } from '../../definitions.ts'
import { definitionsKey, definitionsTextKey, publishedKey } from '../../keys.ts'
import { newRandomId } from '../../write-ids.ts'
import { getParams, nextPutParams } from '../params.ts'
import { errorName, getItem, type KnownDefinitions, putItem, putObject, type Session } from '../session.ts'

/** Returns the definitions text under a name; texts are never changed. */
const definitionsText = async (session: Session, name: string): Promise<string | undefined> => {
  const { Item } = await getItem(
    session,
    getParams(session.tables.system, definitionsTextKey(session.tenant, name)),
  )
  return Item && inflateRawSync(Item.text as Uint8Array).toString()
}

const rememberDefinitions = ({ memory, tenant }: Session, known: KnownDefinitions): Definitions => {
  const other = memory.definitions.get(tenant)
  if (other && other.definitions.version > known.definitions.version) return other.definitions
  memory.definitions.set(tenant, known)
  return known.definitions
}

const askedNow = ({ clock }: Session): KnownDefinitions['asked'] => ({
  wall: clock.now(),
  monotonic: clock.monotonic(),
})

/**
 * Returns the longer of two clocks' ages, in milliseconds: the monotonic clock stops while a process is frozen, the wall
 * clock may be set.
 */
const ageOf = ({ clock }: Session, { wall, monotonic }: KnownDefinitions['asked']): number =>
  Math.max(clock.now() - wall, clock.monotonic() - monotonic)

/** Returns a tenant's current definitions. Reads are consistent. */
export const currentDefinitions = async (session: Session): Promise<Definitions> => {
  for (;;) {
    const asked = askedNow(session)
    const { Item } = await getItem(session, getParams(session.tables.system, definitionsKey(session.tenant)))
    const version = Number(Item?.v ?? 0)
    const known = session.memory.definitions.get(session.tenant)?.definitions
    if (known?.version === version) return rememberDefinitions(session, { definitions: known, asked })
    if (version === 0) return rememberDefinitions(session, { definitions: { version, text: '[]' }, asked })
    const text = await definitionsText(session, String(Item?.text))
    if (text !== undefined) return rememberDefinitions(session, { definitions: { version, text }, asked })
  }
}

const definitionsChanged = () =>
  failure(
    'version-conflict',
    'The search parameters that are defined here were changed meanwhile. Try again in a moment.',
  )

/**
 * Fails with `version-conflict` if the definitions are not at this version any more, or may not be; definitions read
 * within the last `trusted` milliseconds are not read again.
 */
export const checkDefined = async (
  session: Session,
  version: number | undefined,
  trusted = session.timing.definitions,
): Promise<void> => {
  if (version === undefined) return
  const known = session.memory.definitions.get(session.tenant)
  const isFresh = known !== undefined && ageOf(session, known.asked) <= trusted
  const now = isFresh ? known.definitions : await currentDefinitions(session)
  if (now.version !== version) throw definitionsChanged()
}

/** Replaces the definitions of the previous version; fails with `version-conflict` if another change was faster. */
export const putDefinitions = async (session: Session, definitions: Definitions): Promise<void> => {
  const { tenant, tables } = session
  const name = `${definitions.version}.${newRandomId()}`
  const asked = askedNow(session)
  await putItem(session, {
    TableName: tables.system,
    Item: { ...definitionsTextKey(tenant, name), text: deflateRawSync(definitions.text) },
  })
  const key = definitionsKey(tenant)
  try {
    await putItem(session, nextPutParams(tables.system, key, { v: definitions.version, text: name }))
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    // A put that took effect while its answer was lost is refused when it is repeated.
    const { Item } = await getItem(session, getParams(tables.system, key))
    if (Item?.text !== name) throw definitionsChanged()
  }
  rememberDefinitions(session, { definitions, asked })
  await publish(session, definitions).catch(() => undefined)
}

/** Copies the definitions into the bucket, for readers without any right to the tables. */
export const publish = (session: Session, definitions: Definitions): Promise<void> =>
  putObject(session, publishedKey(session.tenant), Buffer.from(JSON.stringify(definitions)))
