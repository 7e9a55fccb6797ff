/** The door for what is open to all: it has no right to any data, and loads no AWS SDK. */

import { failure } from '../outcome/failure.ts'
import { door } from './door.ts'

const unreachable = (): Promise<never> =>
  Promise.reject(failure('not-found', 'This function serves only `/metadata` and `/.well-known`.'))

const store = {
  meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
  grace: 0,
  knownDefinitions: () => ({ version: 0, text: '[]' }),
  definitions: async () => ({ version: 0, text: '[]' }),
  progress: unreachable,
  keepProgress: unreachable,
  define: unreachable,
  get: unreachable,
  version: unreachable,
  page: unreachable,
  history: unreachable,
  hold: unreachable,
  release: unreachable,
  note: unreachable,
  recall: unreachable,
  commit: unreachable,
  care: unreachable,
  purge: unreachable,
}

export const handler = door({ openStore: () => store, archive: { bundle: unreachable } })
