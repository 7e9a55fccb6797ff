/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html — the bucket of uploads tells a queue of each object, which is a request to be done. */

import type { SQSEvent } from 'aws-lambda'
import { type Served, serve } from '../http/serve.ts'
import { failure } from '../outcome/failure.ts'
import { tooLarge } from '../outcome/messages.ts'
import type { ArchiveWork, Context } from '../request/context.ts'
import type { Job } from '../store/jobs/job.ts'
import { jobOf } from '../store/jobs/keys.ts'
import { sleep } from '../store/parallel.ts'
import { findCodesLater } from '../terminology/lazy.ts'
import { rulesOf } from './door/config.ts'
import { errorFacts, logLine } from './door/log.ts'
import { placeOf, servicesOf } from './door/services.ts'

/** A fault of ours is given so many chances, one soon after the other; a message would come again only after 15 minutes. */
const attempts = 3
const pause = 1000

/** Work that goes on by itself stops well before the function's time is up, and makes a job of the rest. */
const longestWork = 10 * 60_000

const services = servicesOf(process.env)
const rules = rulesOf(process.env)

const isText = (type = ''): boolean => /json|xml|^text\//.test(type)

const requestOf = ({ method, path, query, headers }: Job, bytes: Buffer) => ({
  method,
  path,
  query,
  headers,
  body: isText(headers['content-type']) ? bytes.toString() : '',
  ...(/^Binary\b/.test(path) && { bytes }),
})

/** The archive's part of the code is loaded by the jobs that need it. */
const workUntil = (tenant: string, deadline: number): ArchiveWork => {
  const load = async () =>
    (await import('./archive-work.ts')).archiveWork(placeOf(process.env), tenant, deadline)
  return { replay: async () => (await load()).replay(), compact: async () => (await load()).compact() }
}

const contextFor = (job: Job, tenant: string, store = services.openStore(tenant)): Context => ({
  tenant,
  store,
  findCodes: findCodesLater(store, job.base),
  archive: services.archive,
  principal: job.owner,
  base: job.base,
  requestId: job.id,
  now: Date.now,
  deadline: Date.now() + longestWork,
  archiveWork: workUntil(tenant, Date.now() + longestWork),
  ...(services.openJobs && { jobs: services.openJobs(tenant) }),
  rules,
})

const passing: ReadonlySet<number> = new Set([409, 429, 503])

/** An attempt that died holds its names until its lease of 30 seconds has run out; in milliseconds of the monotonic clock. */
const patience = 45_000

const patiently = async (attempt: () => Promise<Served>): Promise<Served> => {
  const end = performance.now() + patience
  for (;;) {
    const served = await attempt()
    if (!passing.has(served.response.status) || performance.now() > end) return served
    await sleep(1000)
  }
}

const work = async (job: Job, bytes: Buffer, tenant: string) => {
  const { largestUpload } = await import('../operations/upload.ts')
  if (bytes.length > largestUpload) throw tooLarge(bytes.length, largestUpload)
  const served = await patiently(() => serve(requestOf(job, bytes), contextFor(job, tenant)))
  for (const note of served.notes ?? [])
    logLine('INFO', { job: job.id, principal: job.owner.id, notes: [note] })
  for (const fault of served.faults) logLine('ERROR', { job: job.id, faults: [errorFacts(fault)] })
  if (served.faults.length > 0 && (job.attempts ?? 0) < attempts) throw served.faults[0]
  return served.response
}

const perform = async (key: string): Promise<void> => {
  const { tenant, id } = jobOf(key)
  const jobs = services.openJobs?.(tenant)
  if (!jobs) throw failure('fault', 'The environment names no bucket for uploads.')
  const began = Date.now()
  const job = await jobs.begin(id, began)
  if (!job || job.done) return
  const came = await work(job, Buffer.from(await jobs.body(id)), tenant)
  const { resultText } = await import('../interactions/jobs.ts')
  await jobs.finish(id, resultText(came, new Date().toISOString()))
  logLine('INFO', { job: id, status: came.status, milliseconds: Date.now() - began })
}

const persistently = async (key: string): Promise<void> => {
  for (let attempt = 1; ; attempt++)
    try {
      return await perform(key)
    } catch (thrown) {
      logLine('ERROR', { faults: [errorFacts(thrown)] })
      if (attempt === attempts) throw thrown
      await sleep(pause)
    }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
interface ObjectEvent {
  Records?: readonly { s3: { object: { key: string } } }[]
}

/** S3's first message, by which it tries whether the queue takes any, has no records. */
const keysIn = ({ Records = [] }: ObjectEvent): string[] =>
  Records.map(({ s3 }) => decodeURIComponent(s3.object.key.replaceAll('+', ' ')))

/** Does what was asked; a message whose function failed comes again, and what was committed is not done twice. */
export const handler = async ({ Records }: SQSEvent): Promise<void> => {
  for (const key of Records.flatMap(({ body }) => keysIn(JSON.parse(body)))) await persistently(key)
}
