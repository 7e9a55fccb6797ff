/** https://hl7.org/fhir/R4/async.html — a request that is done later, its status, and its result. */

import { bundleText } from '../fhir/bundle.ts'
import { objectText, raw } from '../fhir/json/object-text.ts'
import { failure } from '../outcome/failure.ts'
import { notFound } from '../outcome/messages.ts'
import { statusLine } from '../outcome/status.ts'
import type { Answer, Interaction } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import type { FhirRequest } from '../request/request.ts'
import { type Job, keptSeconds } from '../store/jobs/job.ts'
import { jobsOf, makeJob, ownerOf } from './create.ts'

/** Returns a job's address, which tells its status and then its result. */
export const addressOf = (base: string, id: string): string => `${base}/_jobs/${id}`

/** Returns the answer to a request that will be done later: 202, and where to ask for it. */
export const defer = async (asked: FhirRequest, context: Context): Promise<Answer> => {
  const job = await makeJob(asked, context)
  await jobsOf(context).putBody(job.id, Buffer.from(asked.body))
  return { status: 202, headers: { 'Content-Location': addressOf(context.base, job.id) } }
}

/** Another's job is as if there were none. */
const ownJob = async (id: string, context: Context): Promise<Job> => {
  const { id: owner } = ownerOf(context)
  const job = await jobsOf(context).get(id)
  if (job && job.owner.id === owner && job.made + keptSeconds * 1000 > context.now()) return job
  throw failure('not-found', notFound('_jobs', id).diagnostics)
}

/** Three attempts of 15 minutes, and the pauses between them. */
const patience = 60 * 60 * 1000

const progressOf = ({ begun, attempts = 0 }: Job): string => {
  if (begun === undefined) return 'waiting'
  return attempts > 1 ? `being done, attempt ${attempts}` : 'being done'
}

/** https://hl7.org/fhir/R4/async.html#3.1.6.2 — 202 while it is under way, then the result. */
export const jobStatus: Interaction = async ({ id }, context) => {
  const job = await ownJob(id, context)
  if (job.done) return { status: 200, text: await jobsOf(context).result(id) }
  if (job.begun !== undefined && context.now() - job.begun > patience)
    throw failure('fault', 'The request was tried three times and did not come to an end.')
  return { status: 202, headers: { 'X-Progress': progressOf(job), 'Retry-After': '1' } }
}

/** Forgets a job: what has not begun is not done any more, and a result is gone. */
export const forgetJob: Interaction = async ({ id }, context) => {
  await ownJob(id, context)
  await jobsOf(context).forget(id)
  return { status: 202 }
}

/** What a request came to, as far as a Bundle's entry tells it. */
export interface Came {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** Returns the result of a job: a batch-response with one entry, which holds what the request was answered with. */
export const resultText = ({ status, headers, body }: Came, timestamp: string): string => {
  const resource = body === '' ? undefined : raw(body)
  const response = raw(
    objectText({
      status: statusLine(status),
      location: headers.Location,
      etag: headers.ETag,
      outcome: status >= 400 ? resource : undefined,
    }),
  )
  const entry = objectText({ resource: status < 400 ? resource : undefined, response })
  return bundleText({ type: 'batch-response', id: crypto.randomUUID(), timestamp, entries: [entry] })
}
