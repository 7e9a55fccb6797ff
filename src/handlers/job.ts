/**
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html — performs stored requests: the bucket of uploads sends a
 * message to the queue for each.
 */

import type { SQSEvent } from 'aws-lambda'
import { type Served, serve } from '../http/serve.ts'
import { failure } from '../outcome/failure.ts'
import { tooLarge } from '../outcome/messages.ts'
import type { ArchiveWork, Context } from '../request/context.ts'
import { readerUnder } from '../request/reader.ts'
import type { Job } from '../store/jobs/job.ts'
import { jobOf } from '../store/jobs/keys.ts'
import { sleep } from '../store/parallel.ts'
import { findCodesLater } from '../terminology/lazy.ts'
import { writeRulesOf } from './door/config.ts'
import { errorFacts, logLine } from './door/log.ts'
import { servicesOf, storePlace } from './door/services.ts'

/**
 * Attempts at a job after faults of the server, a second apart; the queue delivers a message again only after 15 minutes.
 */
const attempts = 3
const attemptPause = 1000

/** Milliseconds after which background work stops and makes a job of the rest, well before the function's timeout. */
const longestWork = 10 * 60_000

const jobServices = servicesOf(process.env)
const rules = writeRulesOf(process.env)

const isText = (type = ''): boolean => /json|xml|^text\//.test(type)

const jobRequest = ({ method, path, query, headers }: Job, bytes: Buffer) => ({
  method,
  path,
  query,
  headers,
  body: isText(headers['content-type']) ? bytes.toString() : '',
  ...(/^Binary\b/.test(path) && { bytes }),
})

/** Returns the archive's work; its code is loaded at the first use. */
const workUntil = (tenant: string, deadline: number): ArchiveWork => {
  const load = async () =>
    (await import('./archive-work.ts')).archiveWork(storePlace(process.env), tenant, deadline)
  return { replay: async () => (await load()).replay(), compact: async () => (await load()).compact() }
}

const contextFor = (
  job: Job,
  tenant: string,
  store = jobServices.openStore(tenant),
  reader = readerUnder(store, []),
): Context => ({
  tenant,
  store,
  reader,
  findCodes: findCodesLater(reader, job.base),
  archive: jobServices.archive,
  principal: job.owner,
  base: job.base,
  requestId: job.id,
  now: Date.now,
  deadline: Date.now() + longestWork,
  archiveWork: workUntil(tenant, Date.now() + longestWork),
  ...(jobServices.openJobs && { jobs: jobServices.openJobs(tenant) }),
  rules,
})

const passingStatuses: ReadonlySet<number> = new Set([409, 429, 503])

/** An attempt that died holds its names until its lease of 30 seconds has run out; in milliseconds of the monotonic clock. */
const patienceMilliseconds = 45_000

const patiently = async (attempt: () => Promise<Served>): Promise<Served> => {
  const end = performance.now() + patienceMilliseconds
  for (;;) {
    const served = await attempt()
    if (!passingStatuses.has(served.response.status) || performance.now() > end) return served
    await sleep(1000)
  }
}

const work = async (job: Job, bytes: Buffer, tenant: string) => {
  const { largestUpload } = await import('../operations/upload.ts')
  if (bytes.length > largestUpload) throw tooLarge(bytes.length, largestUpload)
  const served = await patiently(() => serve(jobRequest(job, bytes), contextFor(job, tenant)))
  for (const note of served.notes ?? [])
    logLine('INFO', { job: job.id, principal: job.owner.id, notes: [note] })
  for (const fault of served.faults) logLine('ERROR', { job: job.id, faults: [errorFacts(fault)] })
  if (served.faults.length > 0 && (job.attempts ?? 0) < attempts) throw served.faults[0]
  return served.response
}

const performJob = async (key: string): Promise<void> => {
  const { tenant, id } = jobOf(key)
  const jobs = jobServices.openJobs?.(tenant)
  if (!jobs) throw failure('fault', 'The environment names no bucket for uploads.')
  const began = Date.now()
  const job = await jobs.begin(id, began)
  if (!job || job.done) return
  const came = await work(job, Buffer.from(await jobs.body(id)), tenant)
  const { resultText } = await import('../jobs/status.ts')
  await jobs.finish(id, resultText(came, new Date().toISOString()))
  logLine('INFO', { job: id, status: came.status, milliseconds: Date.now() - began })
}

const persistently = async (key: string): Promise<void> => {
  for (let attempt = 1; ; attempt++)
    try {
      return await performJob(key)
    } catch (thrown) {
      logLine('ERROR', { faults: [errorFacts(thrown)] })
      if (attempt === attempts) throw thrown
      await sleep(attemptPause)
    }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
interface UploadEvent {
  Records?: readonly { s3: { object: { key: string } } }[]
}

/** Returns the keys of the uploads in an event; S3's test message has no records. */
const uploadKeys = ({ Records = [] }: UploadEvent): string[] =>
  Records.map(({ s3 }) => decodeURIComponent(s3.object.key.replaceAll('+', ' ')))

/** Performs the jobs of the messages; a failed message is delivered again, and a committed job is not performed twice. */
export const handler = async ({ Records }: SQSEvent): Promise<void> => {
  for (const key of Records.flatMap(({ body }) => uploadKeys(JSON.parse(body)))) await persistently(key)
}
