import type { Bundle } from 'fhir/r4.js'
import type { Client } from 'fhir-kit-client'
import { RequestFailure } from '../fhir/failure.ts'
import { type Outcome, outcomeOf, refusalsOf, unfit } from './outcome.ts'

/** A file on its way: waiting, being read, sent, and what became of it. */
export interface Posting {
  id: number
  name: string
  bytes: number
  state: 'waiting' | 'reading' | 'sending' | 'stored' | 'partly' | 'refused'
  entries?: number
  ms?: number
  outcome?: Outcome
  /** Why nothing of the file was stored. */
  why?: string
}

const parse = (text: string): { bundle: Bundle } | { why: string } => {
  try {
    const content: unknown = JSON.parse(text)
    const why = unfit(content)
    return why ? { why } : { bundle: content as Bundle }
  } catch (error) {
    return { why: `This file is not JSON: ${(error as Error).message}` }
  }
}

const refused = (error: unknown, bundle: Bundle): Partial<Posting> => {
  if (!(error instanceof RequestFailure)) return { state: 'refused', why: (error as Error).message }
  const refusals = refusalsOf(error.issues, bundle)
  const outcome = { stored: 0, byType: [], patients: [], refusals }
  if (isLost(error)) return { state: 'refused', why: `${error.message} ${unsure}` }
  return { state: 'refused', outcome, ...(refusals.length > 0 ? {} : { why: error.message }) }
}

/** No answer came: the bundle may be stored or not. */
const isLost = (error: unknown): boolean =>
  error instanceof RequestFailure && [0, 502, 503, 504].includes(error.status)

/** Under one key it is done once, so an answer that was lost can be asked for again. */
const answered = async (client: Client, text: string): Promise<unknown> => {
  const headers = { 'content-type': 'application/fhir+json', 'idempotency-key': crypto.randomUUID() }
  const ask = () => client.request(client.baseUrl, { method: 'POST', body: text, options: { headers } })
  try {
    return await ask()
  } catch (error) {
    if (!isLost(error)) throw error
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return ask()
  }
}

const unsure = 'It may have been stored all the same: look before you post it again.'

const send = async (client: Client, text: string, bundle: Bundle): Promise<Partial<Posting>> => {
  try {
    const answer = await answered(client, text)
    const outcome = outcomeOf(bundle, answer as unknown as Bundle)
    return { state: outcome.refusals.length > 0 ? 'partly' : 'stored', outcome }
  } catch (error) {
    return refused(error, bundle)
  }
}

/** Reads and posts one file as it is, byte for byte, and tells each step; it never throws. */
export const post = async (
  client: Client,
  file: File,
  tell: (change: Partial<Posting>) => void,
): Promise<void> => {
  tell({ state: 'reading' })
  const text = await file.text()
  const parsed = parse(text)
  if ('why' in parsed) return tell({ state: 'refused', why: parsed.why })
  tell({ state: 'sending', entries: parsed.bundle.entry?.length ?? 0 })
  const began = performance.now()
  const result = await send(client, text, parsed.bundle)
  tell({ ...result, ms: Math.round(performance.now() - began) })
}
