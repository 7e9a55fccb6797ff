// https://hl7.org/fhir/R4/http.html#transaction
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Bundle, BundleEntry } from 'fhir/r4.js'
import { again } from './again.ts'
import { type LoadedFiles, openLoadedFiles, statePath } from './loaded.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { progressBar } from './progress.ts'
import { issuesOf, reasonsOf, statusOf } from './reasons.ts'
import { openSession, type Session } from './session.ts'
import { isLarge, upload } from './upload.ts'

/** What became of one file. */
export type FileResult =
  | { file: string; status: 'loaded'; resources: number }
  | { file: string; status: 'skipped' }
  | { file: string; status: 'failed'; reasons: string[] }

/** Posts Bundles; returns what to print and whether all of them are in. */
export const load = async (command: Command): Promise<Done> => {
  const files = command.words
  if (files.length === 0) throw new UsageError('Name the files to load: `pilotlight load FILES…`.')
  const session = await openSession(command, 'loader')
  const loaded = openLoadedFiles(command.state ?? statePath(process.env))
  const began = performance.now()
  const bar = progressBar(files.length, process.stderr)
  const results: FileResult[] = []
  for (const group of inOrder(files))
    await inParallel(group, command.concurrency, async (file) => {
      const result = await loadFile(session, loaded, file)
      results.push(result)
      bar.done(result.status === 'loaded' ? result.resources : 0)
    })
  bar.clear()
  const seconds = (performance.now() - began) / 1000
  const failed = results.some((result) => result.status === 'failed')
  return {
    text: command.json ? JSON.stringify({ seconds, results }, null, 2) : summary(results, seconds),
    failed,
  }
}

/** Synthea's patients refer to its hospitals and practitioners, which are in files of their own. */
const inOrder = (files: readonly string[]): string[][] => {
  const first = files.filter((file) => /^(hospital|practitioner)Information/.test(basename(file)))
  return [first, files.filter((file) => !first.includes(file))]
}

const inParallel = async (
  files: readonly string[],
  concurrency: number,
  run: (file: string) => Promise<void>,
): Promise<void> => {
  const waiting = [...files]
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await run(file)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

const loadFile = async (session: Session, loaded: LoadedFiles, file: string): Promise<FileResult> => {
  try {
    const text = await readFile(file, 'utf8')
    checkBundle(text)
    const hash = createHash('sha256').update(text).digest('hex')
    if (await isLoaded(session, loaded.find(session.server, hash))) return { file, status: 'skipped' }
    const response = await (isLarge(text)
      ? upload(session, text)
      : post(session, text, loaded.key(session.server, hash)))
    const reasons = (response.entry ?? []).flatMap(entryFailure)
    if (reasons.length > 0) return { file, status: 'failed', reasons }
    loaded.add(session.server, hash, createdBy(response))
    return { file, status: 'loaded', resources: response.entry?.length ?? 0 }
  } catch (error) {
    return { file, status: 'failed', reasons: reasonsOf(error) }
  }
}

const checkBundle = (text: string): void => {
  const { resourceType, type } = JSON.parse(text) as Partial<Bundle>
  if (resourceType !== 'Bundle' || (type !== 'transaction' && type !== 'batch'))
    throw new Error(
      `It is not a Bundle of type transaction or batch, but ${resourceType ?? 'no resource'}${type ? ` of type ${type}` : ''}.`,
    )
}

/** A server can lose its data and keep its address, so what the file created is looked for. */
const isLoaded = async (session: Session, created: string | undefined): Promise<boolean> => {
  if (created === undefined) return false
  if (created === '') return true
  try {
    await session.ask((client) => client.request(created))
    return true
  } catch (error) {
    return statusOf(error) === 410
  }
}

const post = (session: Session, body: string, key: string): Promise<Bundle> => {
  // Under one key it is done once, however often it is sent.
  const headers = { 'content-type': 'application/fhir+json', 'idempotency-key': key }
  // The text goes as it is in the file: parsed and written again, `1.00` would become `1`.
  const request = { method: 'POST', body, options: { headers } } as const
  const send = () => session.ask((client) => client.request('', request as never) as Promise<unknown>)
  return again(send, true) as Promise<Bundle>
}

const entryFailure = ({ response }: BundleEntry, index: number): string[] => {
  if (!response || Number.parseInt(response.status, 10) < 400) return []
  const issues = issuesOf(response.outcome)
  return [`Bundle.entry[${index}]: ${response.status} ${issues.join(' ')}`.trim()]
}

const createdBy = (response: Bundle): string => {
  const location = response.entry?.find((entry) => entry.response?.location)?.response?.location ?? ''
  return location.replace(/\/_history\/.*$/, '')
}

const summary = (results: readonly FileResult[], seconds: number): string => {
  const count = (status: FileResult['status']): number =>
    results.filter((result) => result.status === status).length
  const resources = results.reduce(
    (sum, result) => sum + (result.status === 'loaded' ? result.resources : 0),
    0,
  )
  const failures = results.flatMap((result) =>
    result.status === 'failed'
      ? [`FAILED ${result.file}`, ...result.reasons.map((reason) => `  ${reason}`)]
      : [],
  )
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} were there already` : ''
  const rate = Math.round(resources / Math.max(seconds, 0.001))
  return [
    ...failures,
    `${count('loaded')} files loaded${skipped}, ${count('failed')} failed: ${resources} resources in ${seconds.toFixed(1)} s (${rate}/s).`,
  ].join('\n')
}
