// docs/large.md
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle, Parameters } from 'fhir/r4.js'
import { parseExact } from '../exact.ts'
import { issuesOf } from './reasons.ts'
import type { Session } from './session.ts'

// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const payloadBytes = 6_000_000

/** Returns whether a body is more than a function takes: it gets it as a JSON string, in which quotes count twice. */
export const isLarge = (body: string): boolean => Buffer.byteLength(JSON.stringify(body)) > payloadBytes

const type = 'application/fhir+json'

const statusPath = (url: string): string => url.replace(/^.*(?=_jobs\/)/, '')

/** Posts nothing to an operation that the server carries out in the background, and returns its result. */
export const inBackground = async (session: Session, path: string): Promise<Bundle> => {
  const { parameter = [] } = parseExact(await session.text(path, '')) as Parameters
  const status = parameter.find(({ name }) => name === 'status')?.valueUrl ?? ''
  return resultOf(await ended(session, statusPath(status)))
}

/** Puts a Bundle where the server fetches it, and returns what became of it. */
export const upload = async (session: Session, body: string): Promise<Bundle> => {
  const size = Buffer.byteLength(body)
  const ways = (await session.ask((client) =>
    client.request(`$upload?size=${size}`, { method: 'POST' }),
  )) as Parameters
  const wayTo = (name: string): string => ways.parameter?.find((each) => each.name === name)?.valueUrl ?? ''
  const put = await fetch(wayTo('url'), { method: 'PUT', headers: { 'content-type': type }, body })
  if (!put.ok) throw new Error(`The upload was answered with ${put.status}.`)
  return resultOf(await ended(session, statusPath(wayTo('status'))))
}

/** The server answers nothing while the work is under way. */
const ended = async (session: Session, path: string): Promise<Bundle> => {
  for (;;) {
    const text = await session.text(path)
    if (text !== '') return parseExact(text) as Bundle
    await sleep(500)
  }
}

const resultOf = ({ entry: [first] = [] }: Bundle): Bundle => {
  if (first?.resource) return first.resource as Bundle
  const reasons = issuesOf(first?.response?.outcome)
  throw new Error(reasons.join('\n') || `The upload came to ${first?.response?.status}.`)
}
