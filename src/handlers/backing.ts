import { openArchive } from '../store/archive.ts'
import { connect } from '../store/dynamo/clients.ts'
import { openStore, type StorePlace } from '../store/dynamo/open.ts'
import type { Backing } from './door.ts'
import { type Environment, tablesOf } from './place.ts'

/** Returns where the function's tables and bucket are, with connections to them. */
export const placeOf = (env: Environment): StorePlace => ({ ...tablesOf(env), clients: connect(env) })

/** Returns the store and the archive that the environment names. */
export const backingOf = (env: Environment): Backing => {
  const place = placeOf(env)
  return { openStore: openStore(place), archive: openArchive(place) }
}
