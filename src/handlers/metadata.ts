/** The door for everything that is public: it may read no data but published definitions, and loads no AWS SDK. */

import { failure } from '../outcome/failure.ts'
import { openPublished } from '../store/published.ts'
import { signerOf } from './door/config.ts'
import { door } from './door/door.ts'

const closed = () => failure('not-found', 'This function serves only `/metadata` and `/.well-known`.')

const refuseCall = (): Promise<never> => Promise.reject(closed())

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
  announce: refuseCall,
  builds: refuseCall,
  forgetBuilds: refuseCall,
  progress: refuseCall,
  keepProgress: refuseCall,
  define: refuseCall,
  get: refuseCall,
  version: refuseCall,
  exactly: refuseCall,
  below: refuseCall,
  reading: () => {
    throw closed()
  },
  page: refuseCall,
  labels: refuseCall,
  history: refuseCall,
  lock: refuseCall,
  release: refuseCall,
  keepResult: refuseCall,
  keptResult: refuseCall,
  commit: refuseCall,
  audit: refuseCall,
  purge: refuseCall,
})

export const handler = door({ openStore: storeOf, archive: { bundle: refuseCall } })
