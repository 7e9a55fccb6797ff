import { openArchive } from '../../store/archive/archive.ts'
import { connect } from '../../store/dynamo/clients.ts'
import { openStore, type StorePlace } from '../../store/dynamo/open.ts'
import { openJobs } from '../../store/jobs/jobs.ts'
import { type FunctionEnvironment, signerOf, tablesOf } from './config.ts'
import type { Services } from './door.ts'

/** Returns the function's tables and bucket, with connections to them. */
export const storePlace = (env: FunctionEnvironment): StorePlace => ({
  ...tablesOf(env),
  clients: connect(env),
  build: async () => (await import('../../search/index/build.ts')).thisBuild(),
})

/** Returns the store and the archive that the environment names. */
export const servicesOf = (env: FunctionEnvironment): Services => {
  const place = storePlace(env)
  const uploads = env.UPLOAD_BUCKET
  return {
    openStore: openStore(place),
    archive: openArchive(place),
    ...(uploads && { openJobs: openJobs({ ...place, uploads, signer: () => signerOf(env) }) }),
  }
}
