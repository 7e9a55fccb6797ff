// docs/search-parameters.md
import { setTimeout as sleep } from 'node:timers/promises'
import type { Parameters } from 'fhir/r4.js'
import { parseExact } from '../exact.ts'
import type { Command } from './options.ts'
import { openSession, type Session } from './session.ts'
import { table } from './table.ts'

type Parameter = NonNullable<Parameters['parameter']>[number]

const parametersOf = async (session: Session, body?: string): Promise<Parameter[]> =>
  (parseExact(await session.text('$reindex', body)) as Parameters).parameter ?? []

const codesIn = (parameters: readonly Parameter[], name: string): string[] =>
  parameters.filter((each) => each.name === name).map(({ valueCode }) => valueCode ?? '')

const rowOf = ({ part = [] }: Parameter): string[] => [
  codesIn(part, 'code').join(),
  codesIn(part, 'state').join(),
  codesIn(part, 'type').join(' ') || `${part.find(({ name }) => name === 'types')?.valueUnsignedInt} types`,
]

const told = (parameters: readonly Parameter[]): string => {
  const own = parameters.filter(({ name }) => name === 'parameter')
  const rows = own.length > 0 ? `${table([['CODE', 'STATE', 'TYPES'], ...own.map(rowOf)])}\n` : ''
  return `${rows}The index is as the search parameters ask.`
}

/** Brings the index in line with the search parameters that are defined, and waits until that is done. */
export const reindex = async (command: Command): Promise<string> => {
  const session = await openSession(command, 'admin')
  let parameters = await parametersOf(session, '')
  while (codesIn(parameters, 'state')[0] !== 'done') {
    await sleep(1000)
    // Where the server has no place for jobs, asking again is what carries it on.
    parameters = await parametersOf(session, codesIn(parameters, 'state')[0] === 'running' ? undefined : '')
  }
  return command.json ? JSON.stringify(parameters, null, 2) : told(parameters)
}
