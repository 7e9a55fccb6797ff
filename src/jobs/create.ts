/** Requests that are carried out in the background: https://hl7.org/fhir/R4/async.html */

import type { Principal } from '../auth/principal.ts'
import { failure } from '../outcome/failure.ts'
import { notLoggedIn } from '../outcome/messages.ts'
import type { Context } from '../request/context.ts'
import type { Job, Jobs } from '../store/jobs/job.ts'

/** Returns the store of jobs; fails with `unsupported` in a deployment without a bucket. */
export const jobsOf = ({ jobs }: Context): Jobs => {
  if (jobs) return jobs
  throw failure('unsupported', 'This deployment has no bucket for uploads, so nothing can be done later.')
}

/** Returns the principal; fails if nobody is logged in. */
export const ownerOf = ({ principal }: Context): Principal => {
  if (principal) return principal
  throw notLoggedIn()
}

/** A request to be carried out later, without its body. */
export interface DeferredRequest {
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string>>
}

/** Headers that a job does not keep: credentials, and headers about the immediate answer. */
const withheld = new Set(['authorization', 'cookie', 'accept', 'accept-encoding', 'idempotency-key'])

const headersFor = (headers: DeferredRequest['headers'], id: string): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(headers).filter(([name]) => !withheld.has(name))),
  accept: 'application/fhir+json',
  prefer: (headers.prefer ?? '').replace(/respond-async\s*[,;]?/gi, ''),
  // A caller's own key takes precedence, so that a repeated request makes a second job, and no second change.
  'idempotency-key': headers['idempotency-key'] ?? `job-${id}`,
})

/** Makes a job of a request. The job begins once its body is put. */
export const makeJob = async (asked: DeferredRequest, context: Context): Promise<Job> => {
  const { id: owner, name, groups } = ownerOf(context)
  const id = crypto.randomUUID()
  const { method, path, query } = asked
  const job: Job = {
    id,
    owner: { id: owner, name, groups },
    base: context.base,
    method,
    path,
    query: query.filter(([key]) => key !== '_format' && key !== '_pretty'),
    headers: headersFor(asked.headers, id),
    made: context.now(),
  }
  await jobsOf(context).make(job)
  return job
}

/** Begins a request in the background; does nothing in a deployment without jobs. */
export const beginJob = async (path: string, context: Context): Promise<void> => {
  if (!context.jobs) return
  const headers = { 'content-type': 'application/fhir+json' }
  const job = await makeJob({ method: 'POST', path, query: [], headers }, context)
  await context.jobs.putBody(job.id, Buffer.from(''))
}
