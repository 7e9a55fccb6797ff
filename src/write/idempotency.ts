/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ — a request under a key is done once. */

import { failure } from '../outcome/failure.ts'
import type { Call } from '../request/call.ts'
import type { Context, IdempotencyName } from '../request/context.ts'
import { hashOf } from '../store/keys.ts'
import { inParallel } from '../store/parallel.ts'
import type { Version } from '../store/port.ts'
import type { ChangeResult, Effect } from './command.ts'
import { provenanceHeader } from './request/provenance.ts'

const syntax = /^[\x21-\x7e]{1,255}$/

/** Returns the parts of a request that must be equal for two requests under the same key. */
const comparedParts = ({ type, headers, body }: KeyedRequest): string[] => {
  const provenance = headers[provenanceHeader]
  return [type, headers['if-none-exist'] ?? '', body, ...(provenance === undefined ? [] : [provenance])]
}

type KeyedRequest = Pick<Call, 'type' | 'headers' | 'body'>

/**
 * Returns the name and the print of a request with an `Idempotency-Key`; undefined for a request without a key. Fails
 * with `invalid` for a malformed key.
 */
export const keyedNameOf = (request: KeyedRequest, { principal }: Context): IdempotencyName | undefined => {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (!syntax.test(key))
    throw failure(
      'invalid',
      '`Idempotency-Key` takes 1 to 255 visible ASCII characters, a UUID for instance.',
    )
  return { name: `once|${principal?.id ?? ''}|${key}`, print: hashOf(JSON.stringify(comparedParts(request))) }
}

/** A result without the resource: the outcome, and the address of the version. */
type Brief = [kind: 'found' | Effect, type?: string, id?: string, v?: number] | null

const briefOf = (result: ChangeResult): Brief => {
  if (!result) return null
  const version = 'found' in result ? result.found : result.done.version
  const kind = 'found' in result ? 'found' : result.done.effect
  return version ? [kind, version.type, version.id, version.v] : [kind]
}

/** Returns the results as a text for `replayResults`. */
export const encodeResults = (results: readonly ChangeResult[]): string =>
  JSON.stringify(results.map(briefOf))

const versionIn = async (brief: Brief, { store }: Context): Promise<Version | undefined> => {
  const [, type, id, v] = brief ?? []
  return type && id && v ? store.version({ type, id }, v) : undefined
}

const replayedResult = async (brief: Brief, context: Context): Promise<ChangeResult> => {
  if (!brief) return undefined
  const version = await versionIn(brief, context)
  const [kind] = brief
  if (kind !== 'found') return { done: { effect: kind, version } }
  return version && { found: version }
}

const parallelVersions = 16

/**
 * Returns the results of a request that was carried out before; undefined for a new request. Fails with `conflict` if the
 * key was used for a different request.
 */
export const replayResults = async (
  { name, print }: IdempotencyName,
  context: Context,
): Promise<ChangeResult[] | undefined> => {
  const record = await context.store.keptResult(name)
  if (!record) return undefined
  if (record.print !== print)
    throw failure(
      'conflict',
      'The `Idempotency-Key` was used for another request. Take a new key for each request.',
    )
  const briefs = JSON.parse(record.result) as Brief[]
  return inParallel(parallelVersions, briefs, (brief) => replayedResult(brief, context))
}
