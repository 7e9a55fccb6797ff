import { openArchive } from '../../store/archive/archive.ts'
import { connect } from '../../store/dynamo/clients.ts'
import { openStore, type StorePlace } from '../../store/dynamo/open.ts'
import { openJobs } from '../../store/jobs/jobs.ts'
import { type Environment, signerOf, tablesOf } from './config.ts'
import type { Services } from './door.ts'

/** Returns where the function's tables and bucket are, with connections to them. */
export const placeOf = (env: Environment): StorePlace => ({
  ...tablesOf(env),
  clients: connect(env),
  build: async () => (await import('../../search/index/build.ts')).thisBuild(),
})

/** Returns the store and the archive that the environment names. */
export const servicesOf = (env: Environment): Services => {
  const place = placeOf(env)
  const uploads = env.UPLOAD_BUCKET
  return {
    openStore: openStore(place),
    archive: openArchive(place),
    ...(uploads && { openJobs: openJobs({ ...place, uploads, signer: () => signerOf(env) }) }),
  }
}
