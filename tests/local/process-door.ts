import { door } from '../../src/handlers/door/door.ts'
import { openArchive } from '../../src/store/archive/archive.ts'
import { type Clients, connect } from '../../src/store/dynamo/clients.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { type Asking, askDoor, eventOf, type Told } from '../handlers/caller.ts'

const { RESOURCES_TABLE = '', SEARCH_TABLE = '', SYSTEM_TABLE = '', ARCHIVE_BUCKET = '' } = process.env

/** Asks the door of this very process, as a function's environment does. */
export type Ask = (method: string, target: string, asking?: Asking) => Promise<Told>

/** Returns the door of a process of its own, at the engines that its environment names. */
export const processDoor = (
  clients: Clients = connect(process.env),
  env: Readonly<Record<string, string>> = {},
): Ask => {
  const tables = { resources: RESOURCES_TABLE, search: SEARCH_TABLE, system: SYSTEM_TABLE }
  const place = { tables, bucket: ARCHIVE_BUCKET, clients }
  const backing = { openStore: openStore(place), archive: openArchive(place) }
  const handler = door(backing, { LOG_LEVEL: 'OFF', ...env })
  return (...asked) => askDoor(handler, eventOf(...asked))
}
