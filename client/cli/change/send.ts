// https://hl7.org/fhir/R4/http.html#ops
import { again } from '../again.ts'
import type { Answer, Request } from '../http.ts'
import type { Command } from '../options.ts'
import { openSession, type Session } from '../session.ts'

/** One change of one resource. */
export interface Change extends Request {
  path: string
}

/** Sends a change to a server, and again where the server asks for patience; returns its answer. */
export const sent = (session: Session, { path, ...request }: Change): Promise<Answer> =>
  again(() => session.send(path, request), Object.hasOwn(request.headers ?? {}, 'idempotency-key'))

/** Signs in as a clinician and sends a change. */
export const change = async (command: Command, request: Change): Promise<Answer> =>
  sent(await openSession(command, 'clinician'), request)

const words: Readonly<Record<number, string>> = { 200: 'Updated', 201: 'Created', 204: 'Deleted' }

/** Returns the id and the version that an answer's headers and body name: `Created Patient/1, version 1.` */
export const toldChange = ({ status, headers, text }: Answer, path: string): string => {
  const found = /([A-Z][A-Za-z]+\/[^/]+)\/_history\/([^/]+)$/.exec(
    headers.get('location') ?? headers.get('content-location') ?? '',
  )
  const version = found?.[2] ?? /"([^"]*)"/.exec(headers.get('etag') ?? '')?.[1]
  const name = found?.[1] ?? namedIn(text) ?? path
  return `${words[status] ?? 'Done'} ${name}${version === undefined ? '' : `, version ${version}`}.`
}

const namedIn = (text: string): string | undefined => {
  if (!text.startsWith('{')) return undefined
  const { resourceType, id } = JSON.parse(text) as { resourceType?: string; id?: string }
  return resourceType !== 'OperationOutcome' && id ? `${resourceType}/${id}` : undefined
}
