// docs/archive.md
import { setTimeout as sleep } from 'node:timers/promises'
import type { Parameters } from 'fhir/r4.js'
import { type Command, type Done, UsageError } from './options.ts'
import { openSession, type Session } from './session.ts'
import { table } from './table.ts'
import { inBackground } from './upload.ts'

type Parameter = NonNullable<Parameters['parameter']>[number]

/** What the pieces of the work came to: counts are summed, and the last piece names what failed. */
interface Came {
  counts: Record<string, number>
  failed: readonly Parameter[]
}

const piecesOf = async (session: Session, operation: string): Promise<Came> => {
  const came: Came = { counts: {}, failed: [] }
  for (let more = true; more; ) {
    const { parameter = [] } = (await inBackground(session, operation)) as unknown as Parameters
    for (const { name, valueUnsignedInt } of parameter)
      if (valueUnsignedInt !== undefined)
        came.counts[name] = (came.counts[name] ?? 0) + Number(valueUnsignedInt)
    came.failed = parameter.filter(({ name }) => name === 'failed')
    more = parameter.some(({ name, valueBoolean }) => name === 'more' && valueBoolean === true)
    if (more) await sleep(1000)
  }
  return came
}

const rowOf = ({ part = [] }: Parameter): string[] =>
  part.map(({ valueString, valueUnsignedInt }) => valueString ?? String(valueUnsignedInt ?? ''))

const sayReplayed = ({ counts, failed }: Came): string => {
  const head = `${counts.records ?? 0} changes are archived now.`
  if (failed.length === 0) return head
  return `${table([['OBJECT', 'REASON', 'CHANGES'], ...failed.map(rowOf)])}\n${head} ${failed.length} objects failed again.`
}

const sayCompacted = ({ counts: { days = 0, before = 0, after = 0 } }: Came): string =>
  `${days} days are compacted: ${before} objects became ${after}.`

const works: Readonly<Record<string, { operation: string; say: (came: Came) => string }>> = {
  replay: { operation: '$replay-archive', say: sayReplayed },
  compact: { operation: '$compact-archive', say: sayCompacted },
}

/** Archives what failed to be archived, or compacts the archive's days; fails where a change fails again. */
export const archive = async (command: Command): Promise<Done> => {
  const [word = '', ...more] = command.words
  const work = works[word]
  if (!work || more.length > 0)
    throw new UsageError('Say what: `pilotlight archive replay` or `pilotlight archive compact`.')
  const came = await piecesOf(await openSession(command, 'admin'), work.operation)
  const text = command.json
    ? JSON.stringify({ ...came.counts, failed: came.failed.map(rowOf) }, null, 2)
    : work.say(came)
  return { text, failed: came.failed.length > 0 }
}
