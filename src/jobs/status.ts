/** A deferred request, its status and its result: https://hl7.org/fhir/R4/async.html */

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

/** Returns a job's address, for its status and then its result. */
export const jobAddress = (base: string, id: string): string => `${base}/_jobs/${id}`

/** Returns the answer to a deferred request: 202, with the address of the job. */
export const deferRequest = async (asked: FhirRequest, context: Context): Promise<Answer> => {
  const job = await makeJob(asked, context)
  await jobsOf(context).putBody(job.id, Buffer.from(asked.body))
  return { status: 202, headers: { 'Content-Location': jobAddress(context.base, job.id) } }
}

/** Returns the principal's job; fails with `not-found` for an expired job and for a job of another principal. */
const ownJob = async (id: string, context: Context): Promise<Job> => {
  const { id: owner } = ownerOf(context)
  const job = await jobsOf(context).get(id)
  if (job && job.owner.id === owner && job.made + keptSeconds * 1000 > context.now()) return job
  throw failure('not-found', notFound('_jobs', id).diagnostics)
}

/**
 * The time in milliseconds after which a begun job counts as failed: three attempts of 15 minutes, and the pauses between
 * them.
 */
const maxJobMilliseconds = 60 * 60 * 1000

const progressOf = ({ begun, attempts = 0 }: Job): string => {
  if (begun === undefined) return 'waiting'
  return attempts > 1 ? `being done, attempt ${attempts}` : 'being done'
}

/** https://hl7.org/fhir/R4/async.html#3.1.6.2 — 202 until the job is done, then the result. */
export const jobStatus: Interaction = async ({ id }, context) => {
  const job = await ownJob(id, context)
  if (job.done) return { status: 200, text: await jobsOf(context).result(id) }
  if (job.begun !== undefined && context.now() - job.begun > maxJobMilliseconds)
    throw failure('fault', 'The request was tried three times and did not come to an end.')
  return { status: 202, headers: { 'X-Progress': progressOf(job), 'Retry-After': '1' } }
}

/** Forgets a job: a job that has not begun is not carried out, and a result is deleted. */
export const forgetJob: Interaction = async ({ id }, context) => {
  await ownJob(id, context)
  await jobsOf(context).forget(id)
  return { status: 202 }
}

/** The response to a job's request, as far as an entry of a Bundle represents the response. */
export interface JobOutcome {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** Returns the result of a job: a batch-response whose only entry is the response to the request. */
export const resultText = ({ status, headers, body }: JobOutcome, timestamp: string): string => {
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
