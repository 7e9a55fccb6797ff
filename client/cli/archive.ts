// docs/archive.md
import { setTimeout as sleep } from 'node:timers/promises'
import type { Parameters } from 'fhir/r4.js'
import { type Command, type Done, UsageError } from './options.ts'
import { openSession } from './session.ts'
import { table } from './table.ts'
import { inBackground } from './upload.ts'

type Parameter = NonNullable<Parameters['parameter']>[number]

const rowOf = ({ part = [] }: Parameter): string[] =>
  part.map(({ valueString, valueUnsignedInt }) => valueString ?? String(valueUnsignedInt ?? ''))

const told = (count: number, failed: readonly Parameter[]): string => {
  const head = `${count} changes are archived now.`
  if (failed.length === 0) return head
  return `${table([['OBJECT', 'REASON', 'CHANGES'], ...failed.map(rowOf)])}\n${head} ${failed.length} objects failed again.`
}

/** Archives what failed to be archived, piece by piece; fails where something fails again. */
export const archive = async (command: Command): Promise<Done> => {
  const { words } = command
  if (words[0] !== 'replay' || words.length > 1)
    throw new UsageError('Say what: `pilotlight archive replay`.')
  const session = await openSession(command, 'admin')
  let count = 0
  let failed: Parameter[] = []
  for (let more = true; more; ) {
    const { parameter = [] } = (await inBackground(session, '$replay-archive')) as unknown as Parameters
    count += Number(parameter.find(({ name }) => name === 'records')?.valueUnsignedInt ?? 0)
    failed = parameter.filter(({ name }) => name === 'failed')
    more = parameter.some(({ name, valueBoolean }) => name === 'more' && valueBoolean === true)
    if (more) await sleep(1000)
  }
  const text = command.json
    ? JSON.stringify({ count, failed: failed.map(rowOf) }, null, 2)
    : told(count, failed)
  return { text, failed: failed.length > 0 }
}
