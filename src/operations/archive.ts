/** What is done with the archive in the background, docs/archive.md; for administrators. */

import { jobsOf, makeJob } from '../jobs/create.ts'
import { addressOf } from '../jobs/status.ts'
import { type Call, here, type Interaction } from '../request/call.ts'
import type { ArchiveWork, Context } from '../request/context.ts'
import type { Compacted } from '../store/archive/compact.ts'
import type { Replayed } from '../store/archive/replay.ts'
import {
  inputPairs,
  type Operation,
  type OperationDefinition,
  type OperationParameter,
} from './support/operation.ts'

const out = (name: string, type: string, max = '1'): OperationParameter => ({
  name,
  use: 'out',
  min: 0,
  max,
  type,
})

const definitionOf = (code: string, ...parameter: OperationParameter[]): OperationDefinition => ({
  url: `${here}/OperationDefinition/${code}`,
  code,
  affectsState: true,
  system: true,
  type: false,
  instance: false,
  parameter: [out('status', 'url'), ...parameter, out('more', 'boolean')],
})

type Part = Readonly<Record<string, unknown>>

const count = (name: string, value: number): Part => ({ name, valueUnsignedInt: value })

const parametersOf = (parameter: readonly Part[]): string =>
  JSON.stringify({ resourceType: 'Parameters', parameter })

/** Begins the job, and returns the address that tells its status. */
const beginJob = async (code: string, { headers }: Call, context: Context): Promise<string> => {
  const job = await makeJob({ method: 'POST', path: `$${code}`, query: [], headers }, context)
  await jobsOf(context).putBody(job.id, Buffer.from(''))
  return addressOf(context.base, job.id)
}

/** Only the function of jobs has the rights for such work: every other one makes a job of it. */
const working =
  (definition: OperationDefinition, work: (archive: ArchiveWork) => Promise<Part[]>): Interaction =>
  async (call, context) => {
    inputPairs(definition, call)
    if (!context.archiveWork) {
      const status = await beginJob(definition.code, call, context)
      const text = parametersOf([{ name: 'status', valueUrl: status }])
      return { status: 202, headers: { 'Content-Location': status }, text }
    }
    const parameter = await work(context.archiveWork)
    context.note({ [definition.code]: parameter.slice(0, mostNoted) })
    return { status: 200, text: parametersOf(parameter) }
  }

/** The counts of an answer, without the objects that it names. */
const mostNoted = 3

/** So many objects that failed again are named in an answer. */
const mostTold = 100

const replayedParts = ({ records, failed, more }: Replayed): Part[] => [
  count('records', records),
  { name: 'more', valueBoolean: more },
  ...failed.slice(0, mostTold).map(({ key, reason, records: among }) => ({
    name: 'failed',
    part: [
      { name: 'object', valueString: key },
      { name: 'reason', valueString: reason },
      count('records', among),
    ],
  })),
]

const compactedParts = ({ days, before, after, more }: Compacted): Part[] => [
  count('days', days),
  count('before', before),
  count('after', after),
  { name: 'more', valueBoolean: more },
]

const operation = (
  definition: OperationDefinition,
  work: (archive: ArchiveWork) => Promise<Part[]>,
): Operation => ({
  definition,
  methods: ['POST'],
  action: 'administer',
  run: working(definition, work),
})

/** `$replay-archive` archives the changes that could not be archived; `$compact-archive` makes few objects of a day's many. */
export const archiveOperations: readonly Operation[] = [
  operation(
    definitionOf('replay-archive', out('records', 'unsignedInt'), out('failed', 'BackboneElement', '*')),
    async ({ replay }) => replayedParts(await replay()),
  ),
  operation(
    definitionOf(
      'compact-archive',
      out('days', 'unsignedInt'),
      out('before', 'unsignedInt'),
      out('after', 'unsignedInt'),
    ),
    async ({ compact }) => compactedParts(await compact()),
  ),
]
