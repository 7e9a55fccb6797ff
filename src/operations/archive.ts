/** `$replay-archive` and `$compact-archive`, for administrators: docs/archive.md */

import { jobsOf, makeJob } from '../jobs/create.ts'
import { jobAddress } from '../jobs/status.ts'
import { type Call, canonicalBase, type Interaction } from '../request/call.ts'
import type { ArchiveWork, Context } from '../request/context.ts'
import type { Compacted } from '../store/archive/compact.ts'
import type { Replayed } from '../store/archive/replay.ts'
import {
  inputPairs,
  type Operation,
  type OperationDefinition,
  type OperationParameter,
} from './support/operation.ts'

const archiveOutput = (name: string, type: string, max = '1'): OperationParameter => ({
  name,
  use: 'out',
  min: 0,
  max,
  type,
})

const archiveDefinition = (code: string, ...parameter: OperationParameter[]): OperationDefinition => ({
  url: `${canonicalBase}/OperationDefinition/${code}`,
  code,
  affectsState: true,
  system: true,
  type: false,
  instance: false,
  parameter: [archiveOutput('status', 'url'), ...parameter, archiveOutput('more', 'boolean')],
})

type ArchivePart = Readonly<Record<string, unknown>>

const countPart = (name: string, value: number): ArchivePart => ({ name, valueUnsignedInt: value })

const archiveParameters = (parameter: readonly ArchivePart[]): string =>
  JSON.stringify({ resourceType: 'Parameters', parameter })

/** Begins the job and returns the address of its status. */
const beginArchiveJob = async (code: string, { headers }: Call, context: Context): Promise<string> => {
  const job = await makeJob({ method: 'POST', path: `$${code}`, query: [], headers }, context)
  await jobsOf(context).putBody(job.id, Buffer.from(''))
  return jobAddress(context.base, job.id)
}

/** Only the jobs function has the rights for this work; every further function begins a job. */
const runOrDefer =
  (definition: OperationDefinition, work: (archive: ArchiveWork) => Promise<ArchivePart[]>): Interaction =>
  async (call, context) => {
    inputPairs(definition, call)
    if (!context.archiveWork) {
      const status = await beginArchiveJob(definition.code, call, context)
      const text = archiveParameters([{ name: 'status', valueUrl: status }])
      return { status: 202, headers: { 'Content-Location': status }, text }
    }
    const parameter = await work(context.archiveWork)
    context.note({ [definition.code]: parameter.slice(0, maxPartsLogged) })
    return { status: 200, text: archiveParameters(parameter) }
  }

/** The maximum of answer parts in the log: the counts, without the names of objects. */
const maxPartsLogged = 3

/** The maximum of objects named in an answer because they failed again. */
const maxFailuresShown = 100

const replayedParts = ({ records, failed, more }: Replayed): ArchivePart[] => [
  countPart('records', records),
  { name: 'more', valueBoolean: more },
  ...failed.slice(0, maxFailuresShown).map(({ key, reason, records: count }) => ({
    name: 'failed',
    part: [
      { name: 'object', valueString: key },
      { name: 'reason', valueString: reason },
      countPart('records', count),
    ],
  })),
]

const compactedParts = ({ days, before, after, more }: Compacted): ArchivePart[] => [
  countPart('days', days),
  countPart('before', before),
  countPart('after', after),
  { name: 'more', valueBoolean: more },
]

const archiveOperation = (
  definition: OperationDefinition,
  work: (archive: ArchiveWork) => Promise<ArchivePart[]>,
): Operation => ({
  definition,
  methods: ['POST'],
  action: 'administer',
  run: runOrDefer(definition, work),
})

/** `$replay-archive` archives the changes that could not be archived; `$compact-archive` makes few objects of a day's many. */
export const archiveOperations: readonly Operation[] = [
  archiveOperation(
    archiveDefinition(
      'replay-archive',
      archiveOutput('records', 'unsignedInt'),
      archiveOutput('failed', 'BackboneElement', '*'),
    ),
    async ({ replay }) => replayedParts(await replay()),
  ),
  archiveOperation(
    archiveDefinition(
      'compact-archive',
      archiveOutput('days', 'unsignedInt'),
      archiveOutput('before', 'unsignedInt'),
      archiveOutput('after', 'unsignedInt'),
    ),
    async ({ compact }) => compactedParts(await compact()),
  ),
]
