/** The door for what is open to all: it has no right to any data but published definitions, and loads no AWS SDK. */

import { failure } from '../outcome/failure.ts'
import { openPublished } from '../store/published.ts'
import { signerOf } from './door/config.ts'
import { door } from './door/door.ts'

const closed = () => failure('not-found', 'This function serves only `/metadata` and `/.well-known`.')

const unreachable = (): Promise<never> => Promise.reject(closed())

const published = openPublished({
  bucket: process.env.ARCHIVE_BUCKET ?? '',
  signer: () => signerOf(process.env),
})

const storeOf = (tenant: string) => ({
  meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
  grace: 0,
  knownDefinitions: () => ({ version: 0, text: '[]' }),
  definitions: () => published.definitions(tenant),
  announcement: () => published.announcement(tenant),
  announce: unreachable,
  builds: unreachable,
  forgetBuilds: unreachable,
  progress: unreachable,
  keepProgress: unreachable,
  define: unreachable,
  get: unreachable,
  version: unreachable,
  exactly: unreachable,
  below: unreachable,
  reading: () => {
    throw closed()
  },
  page: unreachable,
  labels: unreachable,
  history: unreachable,
  lock: unreachable,
  release: unreachable,
  keepResult: unreachable,
  keptResult: unreachable,
  commit: unreachable,
  audit: unreachable,
  purge: unreachable,
})

export const handler = door({ openStore: storeOf, archive: { bundle: unreachable } })
