import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { failure } from '../../../outcome/failure.ts'
import type { Definitions } from '../../definitions.ts'
import { definitionsKey, definitionsTextKey, publishedKey } from '../../keys.ts'
import { newRandomId } from '../../write-ids.ts'
import { getParams, nextPutParams } from '../params.ts'
import { errorName, getItem, type Known, putItem, putObject, type Session } from '../session.ts'

/** A text stands under a name of its own and is never changed. */
const textOf = async (session: Session, name: string): Promise<string | undefined> => {
  const { Item } = await getItem(
    session,
    getParams(session.tables.system, definitionsTextKey(session.tenant, name)),
  )
  return Item && inflateRawSync(Item.text as Uint8Array).toString()
}

const remember = ({ memory, tenant }: Session, known: Known): Definitions => {
  const other = memory.definitions.get(tenant)
  if (other && other.definitions.version > known.definitions.version) return other.definitions
  memory.definitions.set(tenant, known)
  return known.definitions
}

const askedNow = ({ clock }: Session): Known['asked'] => ({ wall: clock.now(), monotonic: clock.monotonic() })

/** The longer of what two clocks say: one stands still while a process is frozen, the other may be set. */
const ageOf = ({ clock }: Session, { wall, monotonic }: Known['asked']): number =>
  Math.max(clock.now() - wall, clock.monotonic() - monotonic)

/** Returns a tenant's definitions as they are. */
export const currentDefinitions = async (session: Session): Promise<Definitions> => {
  for (;;) {
    const asked = askedNow(session)
    const { Item } = await getItem(session, getParams(session.tables.system, definitionsKey(session.tenant)))
    const version = Number(Item?.v ?? 0)
    const known = session.memory.definitions.get(session.tenant)?.definitions
    if (known?.version === version) return remember(session, { definitions: known, asked })
    if (version === 0) return remember(session, { definitions: { version, text: '[]' }, asked })
    const text = await textOf(session, String(Item?.text))
    if (text !== undefined) return remember(session, { definitions: { version, text }, asked })
  }
}

const changed = () =>
  failure(
    'version-conflict',
    'The search parameters that are defined here were changed meanwhile. Try again in a moment.',
  )

/** Fails with `version-conflict` where the definitions are no longer, or may no longer be, at this version. */
export const checkDefined = async (
  session: Session,
  version: number | undefined,
  trusted = session.timing.definitions,
): Promise<void> => {
  if (version === undefined) return
  const known = session.memory.definitions.get(session.tenant)
  const isFresh = known !== undefined && ageOf(session, known.asked) <= trusted
  const now = isFresh ? known.definitions : await currentDefinitions(session)
  if (now.version !== version) throw changed()
}

/** Puts definitions in place of the version before; fails with `version-conflict` where that is no longer the current one. */
export const define = async (session: Session, definitions: Definitions): Promise<void> => {
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
    if (Item?.text !== name) throw changed()
  }
  remember(session, { definitions, asked })
  await publish(session, definitions).catch(() => undefined)
}

/** Puts the definitions where they can be read without any right to the tables. */
export const publish = (session: Session, definitions: Definitions): Promise<void> =>
  putObject(session, publishedKey(session.tenant), Buffer.from(JSON.stringify(definitions)))
