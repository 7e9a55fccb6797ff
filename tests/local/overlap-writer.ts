/** A function's process that posts transactions which overlap with those of others, and says what became of each. */
import { writeSync } from 'node:fs'
import { type Ask, processDoor } from './process-door.ts'

/** What a transaction was to write: observations of its own, and both of each pair. */
export interface Attempt {
  number: number
  entries: number
  pairs: readonly number[]
  /** Whether it deletes the pairs instead of writing its number to them. */
  deletes: boolean
  status: number
  /** Whether the answer says when to come again. */
  retryAfter: boolean
}

/** So many pairs of resources that are only ever changed together. */
export const pairCount = 6
export const sides = ['left', 'right'] as const

const observation = (number: number) => ({
  resource: {
    resourceType: 'Observation',
    status: 'final',
    identifier: [{ system: 'urn:overlap', value: String(number) }],
    code: { text: 'overlap' },
  },
  request: { method: 'POST', url: 'Observation' },
})

/** The versions that are to be the current ones, where the transaction says which it has read. */
type Seen = ReadonlyMap<string, string>

const paired = (id: string, { number, deletes }: Attempt, seen: Seen) => {
  const ifMatch = seen.get(id)
  const request = { method: deletes ? 'DELETE' : 'PUT', url: `Basic/${id}`, ...(ifMatch && { ifMatch }) }
  const resource = { resourceType: 'Basic', id, code: { text: String(number) } }
  return deletes ? { request } : { resource, request }
}

const transaction = (attempt: Attempt, seen: Seen) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    ...Array.from({ length: attempt.entries }, () => observation(attempt.number)),
    ...attempt.pairs.flatMap((pair) => sides.map((side) => paired(`${side}-${pair}`, attempt, seen))),
  ],
})

/** A linear congruential generator: the same seed writes the same transactions. */
const dice = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const pairsOf = (roll: (below: number) => number): number[] => {
  const first = roll(pairCount)
  const count = 1 + roll(3)
  return Array.from({ length: count }, (_, i) => (first + i * (1 + (first % 2))) % pairCount)
}

const seenBy = async (ask: Ask, pairs: readonly number[]): Promise<Seen> => {
  const ids = pairs.flatMap((pair) => sides.map((side) => `${side}-${pair}`))
  const { json } = await ask('GET', `/Basic?_id=${ids}`)
  const resources: { id: string; meta: { versionId: string } }[] = (json.entry ?? []).map(
    ({ resource }: { resource: unknown }) => resource,
  )
  return new Map(resources.map(({ id, meta }) => [id, `W/"${meta.versionId}"`]))
}

const write = async (writer: number, until: number): Promise<void> => {
  const ask = processDoor()
  const roll = dice(writer + 1)
  for (let n = 0; n < 4 || Date.now() < until; n++) {
    const attempt: Attempt = {
      number: writer * 1_000_000 + n,
      entries: roll(6) === 0 ? 120 + roll(60) : 1 + roll(8),
      pairs: pairsOf(roll),
      deletes: roll(8) === 0,
      status: 0,
      retryAfter: false,
    }
    const seen: Seen = roll(2) === 0 ? await seenBy(ask, attempt.pairs) : new Map()
    const { status, headers } = await ask('POST', '/', { body: transaction(attempt, seen) })
    attempt.status = status
    attempt.retryAfter = 'Retry-After' in headers
    writeSync(1, `${JSON.stringify(attempt)}\n`)
  }
}

const [, , writer, until] = process.argv
if (writer && until) await write(Number(writer), Number(until))
