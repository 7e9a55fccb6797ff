// https://hl7.org/fhir/R4/http.html#transaction
import { createHash } from 'node:crypto'
import type { Bundle } from 'fhir/r4.js'
import { again } from './again.ts'
import { filesNamed } from './input/find.ts'
import { type LoadedFiles, openLoadedFiles, statePath } from './loaded.ts'
import type { Content, Part } from './loading/parts.ts'
import { readContent, stepOf } from './loading/read.ts'
import { doneIn, entryReasons, failureReasons, type Reason, reasonLines } from './loading/reasons.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { progressBar } from './progress.ts'
import { statusOf } from './reasons.ts'
import { openSession, type Session } from './session.ts'
import { isLarge, upload } from './upload.ts'

/** The outcome of a file; where it failed, some of its resources may be stored. */
export interface FileResult {
  file: string
  status: 'loaded' | 'skipped' | 'failed'
  resources: number
  note?: string
  reasons?: string[]
}

/** Writes what files hold; returns what to print and whether all of them are in. */
export const load = async (command: Command): Promise<Done> => {
  if (command.words.length === 0) throw new UsageError('Name the files to load: `pilotlight load FILES…`.')
  const files = await filesNamed(command.words)
  const session = await openSession(command, 'loader')
  const loaded = openLoadedFiles(command.state ?? statePath(process.env))
  const began = performance.now()
  const bar = progressBar(files.length, process.stderr)
  const results: FileResult[] = []
  for (const group of await inSteps(files))
    await inParallel(group, command.concurrency, async (file) => {
      const result = await loadFile(session, loaded, file)
      results.push(result)
      bar.done(result.resources)
    })
  bar.clear()
  const seconds = (performance.now() - began) / 1000
  const failed = results.some((result) => result.status === 'failed')
  return {
    text: command.json ? JSON.stringify({ seconds, results }, null, 2) : summary(results, seconds),
    failed,
  }
}

/** Hospitals and practitioners come before the patients that refer to them, in whatever order the files are named. */
const inSteps = async (files: readonly string[]): Promise<string[][]> => {
  const steps: string[][] = []
  for (const file of files) {
    const step = await stepOf(file)
    steps[step] = [...(steps[step] ?? []), file]
  }
  return Object.values(steps)
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
  const reasons: Reason[] = []
  let [resources, skipped] = [0, 0]
  let content: Content = { parts: [] }
  try {
    content = await readContent(file)
  } catch (error) {
    reasons.push(...failureReasons(error, []))
  }
  for (const part of content.parts) {
    const result = await loadPart(session, loaded, part)
    resources += result.resources
    skipped += result.skipped ? 1 : 0
    reasons.push(...result.reasons)
  }
  const there = skipped > 0 && skipped === content.parts.length ? 'skipped' : 'loaded'
  return {
    file,
    status: reasons.length > 0 ? 'failed' : there,
    resources,
    ...(content.note && { note: content.note }),
    ...(reasons.length > 0 && { reasons: reasonLines(reasons) }),
  }
}

interface PartResult {
  resources: number
  skipped?: boolean
  reasons: readonly Reason[]
}

const loadPart = async (
  session: Session,
  loaded: LoadedFiles,
  { text, places }: Part,
): Promise<PartResult> => {
  try {
    const hash = createHash('sha256').update(text).digest('hex')
    if (await isLoaded(session, loaded.find(session.server, hash)))
      return { resources: 0, skipped: true, reasons: [] }
    const response = await (isLarge(text)
      ? upload(session, text)
      : post(session, text, loaded.key(session.server, hash)))
    const reasons = entryReasons(response, places)
    if (reasons.length === 0) loaded.add(session.server, hash, createdBy(response))
    return { resources: doneIn(response), reasons }
  } catch (error) {
    return { resources: 0, reasons: failureReasons(error, places) }
  }
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

const createdBy = (response: Bundle): string => {
  const location = response.entry?.find((entry) => entry.response?.location)?.response?.location ?? ''
  return location.replace(/\/_history\/.*$/, '')
}

const told = ({ file, status, resources, note, reasons = [] }: FileResult): string[] => {
  if (status === 'failed')
    return [`${resources > 0 ? 'IN PART' : 'FAILED'} ${file}`, ...reasons.map((reason) => `  ${reason}`)]
  return status === 'loaded' && note ? [`${file}: ${note}`] : []
}

const summary = (results: readonly FileResult[], seconds: number): string => {
  const count = (status: FileResult['status'], some = true): number =>
    results.filter((result) => result.status === status && (some || result.resources === 0)).length
  const resources = results.reduce((sum, result) => sum + result.resources, 0)
  const failed = count('failed', false)
  const inPart = count('failed') - failed
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} were there already` : ''
  const part = inPart > 0 ? `, ${inPart} in part` : ''
  const rate = Math.round(resources / Math.max(seconds, 0.001))
  return [
    ...results.flatMap(told),
    `${count('loaded')} files loaded${skipped}${part}, ${failed} failed: ${resources} resources in ${seconds.toFixed(1)} s (${rate}/s).`,
  ].join('\n')
}
