/** Archives the changes that could not be archived when they were made; for administrators. */

import { type Call, here, type Interaction } from '../interactions/call.ts'
import { addressOf } from '../interactions/jobs.ts'
import type { Context } from '../write/context.ts'
import { jobsOf, makeJob } from '../write/later.ts'
import { inputOf, type Operation, type OperationDefinition } from './operation.ts'

const definition: OperationDefinition = {
  url: `${here}/OperationDefinition/replay-archive`,
  code: 'replay-archive',
  affectsState: true,
  system: true,
  type: false,
  instance: false,
  parameter: [
    { name: 'status', use: 'out', min: 0, max: '1', type: 'url' },
    { name: 'records', use: 'out', min: 0, max: '1', type: 'unsignedInt' },
    { name: 'more', use: 'out', min: 0, max: '1', type: 'boolean' },
    { name: 'failed', use: 'out', min: 0, max: '*', type: 'BackboneElement' },
  ],
}

/** So many objects that failed again are named in an answer. */
const mostTold = 100

const parametersOf = (parameter: readonly object[]): string =>
  JSON.stringify({ resourceType: 'Parameters', parameter })

/** Begins the job of a replay, and returns the address that tells its status. */
const beginJob = async ({ headers }: Call, context: Context): Promise<string> => {
  const job = await makeJob({ method: 'POST', path: '$replay-archive', query: [], headers }, context)
  await jobsOf(context).putBody(job.id, Buffer.from(''))
  return addressOf(context.base, job.id)
}

/** Only the function of jobs has the rights to replay: every other one makes a job of it. */
const run: Interaction = async (call, context) => {
  inputOf(definition, call)
  if (!context.replayArchive) {
    const status = await beginJob(call, context)
    const text = parametersOf([{ name: 'status', valueUrl: status }])
    return { status: 202, headers: { 'Content-Location': status }, text }
  }
  const { records, failed, more } = await context.replayArchive()
  context.note({ replayed: records, failed: failed.length, more })
  const parameter = [
    { name: 'records', valueUnsignedInt: records },
    { name: 'more', valueBoolean: more },
    ...failed.slice(0, mostTold).map(({ key, reason, records: count }) => ({
      name: 'failed',
      part: [
        { name: 'object', valueString: key },
        { name: 'reason', valueString: reason },
        { name: 'records', valueUnsignedInt: count },
      ],
    })),
  ]
  return { status: 200, text: parametersOf(parameter) }
}

export const replayArchiveOperation: Operation = {
  definition,
  methods: ['POST'],
  action: 'administer',
  run,
}
