/** https://hl7.org/fhir/R4/async.html — requests that are done in the background. */

import type { Principal } from '../auth/principal.ts'
import { failure } from '../outcome/failure.ts'
import { notLoggedIn } from '../outcome/messages.ts'
import type { Context } from '../request/context.ts'
import type { Job, Jobs } from '../store/jobs/job.ts'

/** Returns where jobs are kept; fails where the deployment has no place for them. */
export const jobsOf = ({ jobs }: Context): Jobs => {
  if (jobs) return jobs
  throw failure('unsupported', 'This deployment has no bucket for uploads, so nothing can be done later.')
}

/** Returns who asks; fails where nobody is logged in. */
export const ownerOf = ({ principal }: Context): Principal => {
  if (principal) return principal
  throw notLoggedIn()
}

/** What is to be done, before there is a body. */
export interface Later {
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string>>
}

/** What a job is told of its request: neither who may see it, nor that it shall not wait. */
const withheld = new Set(['authorization', 'cookie', 'accept', 'accept-encoding', 'idempotency-key'])

const headersFor = (headers: Later['headers'], id: string): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(headers).filter(([name]) => !withheld.has(name))),
  accept: 'application/fhir+json',
  prefer: (headers.prefer ?? '').replace(/respond-async\s*[,;]?/gi, ''),
  // A caller's own key is worth more than ours: a repeated request makes a second job, and no second change.
  'idempotency-key': headers['idempotency-key'] ?? `job-${id}`,
})

/** Makes a job of a request; the one who puts its body begins it. */
export const makeJob = async (asked: Later, context: Context): Promise<Job> => {
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

/** Begins a request in the background, where there is a place for that; whoever may not wait for it does not. */
export const begin = async (path: string, context: Context): Promise<void> => {
  if (!context.jobs) return
  const headers = { 'content-type': 'application/fhir+json' }
  const job = await makeJob({ method: 'POST', path, query: [], headers }, context)
  await context.jobs.putBody(job.id, Buffer.from(''))
}
