// https://hl7.org/fhir/R4/http.html#upsert
import { again } from './again.ts'
import type { Packed } from './package.ts'
import { progressBar } from './progress.ts'
import { reasonsOf } from './reasons.ts'
import type { Session } from './session.ts'

export interface Failed {
  resource: string
  reasons: string[]
}

const put = (session: Session, { type, id, text }: Packed): Promise<unknown> => {
  const headers = { 'content-type': 'application/fhir+json', prefer: 'return=OperationOutcome' }
  const request = { method: 'PUT', body: text, options: { headers } } as const
  return again(() => session.ask((client) => client.request(`${type}/${id}`, request as never)))
}

/** Writes resources under their own ids, so many at once; returns which failed. What is there already stays the version it is. */
export const writeAll = async (
  session: Session,
  resources: readonly Packed[],
  concurrency: number,
): Promise<Failed[]> => {
  const bar = progressBar(resources.length, process.stderr)
  const failed: Failed[] = []
  const waiting = [...resources]
  const worker = async (): Promise<void> => {
    for (let each = waiting.shift(); each; each = waiting.shift()) {
      const resource = `${each.type}/${each.id}`
      await put(session, each).catch((error: unknown) => failed.push({ resource, reasons: reasonsOf(error) }))
      bar.done(1)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  bar.clear()
  return failed
}

/** Returns a line for each that failed, and for each reason. */
export const toldFailures = (failed: readonly Failed[]): string[] =>
  failed.flatMap(({ resource, reasons }) => [`FAILED ${resource}`, ...reasons.map((reason) => `  ${reason}`)])
