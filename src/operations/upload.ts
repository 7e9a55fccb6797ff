/**
 * `$upload` returns an address in the bucket for a body above the gateway's limit; a job carries the request out from
 * there.
 */

import { makeJob } from '../jobs/create.ts'
import { jobAddress } from '../jobs/status.ts'
import { failure } from '../outcome/failure.ts'
import { canonicalBase, type Interaction, type Pairs } from '../request/call.ts'
import { lastValue } from '../request/query-text.ts'
import { addressSeconds } from '../store/jobs/job.ts'
import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const definition: OperationDefinition = {
  url: `${canonicalBase}/OperationDefinition/upload`,
  code: 'upload',
  affectsState: true,
  system: true,
  type: false,
  instance: false,
  parameter: [
    { name: 'size', use: 'in', min: 1, max: '1', type: 'positiveInt' },
    { name: 'contentType', use: 'in', min: 0, max: '1', type: 'code' },
    { name: 'target', use: 'in', min: 0, max: '1', type: 'string' },
    { name: 'url', use: 'out', min: 1, max: '1', type: 'url' },
    { name: 'status', use: 'out', min: 1, max: '1', type: 'url' },
    { name: 'expires', use: 'out', min: 1, max: '1', type: 'instant' },
  ],
}

/** The maximum of bytes in an upload: a small fraction of the jobs function's memory. */
export const largestUpload = 100 * 1024 * 1024

const uploadSize = (pairs: Pairs): number => {
  const given = lastValue(pairs, 'size')
  const size = Number(given)
  if (Number.isInteger(size) && size >= 1 && size <= largestUpload) return size
  throw failure(
    size > largestUpload ? 'too-large' : 'required',
    `\`size\` is the body's length in bytes, 1 to ${largestUpload}; ${given ? `\`${given}\` is not` : 'it is missing'}.`,
  )
}

const targetPattern = /^(|Binary|Binary\/[A-Za-z0-9.-]{1,64})$/

const uploadTarget = (pairs: Pairs): string => {
  const target = lastValue(pairs, 'target') ?? ''
  if (targetPattern.test(target)) return target
  throw failure(
    'invalid',
    `\`target=${target}\`: leave it out for a Bundle, or name \`Binary\` or \`Binary/[id]\`.`,
  )
}

const uploadContentType = (pairs: Pairs): string => {
  const type = (lastValue(pairs, 'contentType') ?? 'application/fhir+json').replace(
    /^(application\/fhir) /,
    '$1+',
  )
  if (/^[\w.+-]+\/[\w.+-]+(;[ -~]*)?$/.test(type)) return type
  throw failure('invalid', `\`contentType=${type}\` is no media type.`)
}

const runUpload: Interaction = async (call, context) => {
  const pairs = inputPairs(definition, call)
  const [size, path, type] = [uploadSize(pairs), uploadTarget(pairs), uploadContentType(pairs)]
  const method = path.includes('/') ? 'PUT' : 'POST'
  const { prefer = '' } = call.headers
  const job = await makeJob({ method, path, query: [], headers: { 'content-type': type, prefer } }, context)
  const parameter = [
    { name: 'url', valueUrl: context.jobs?.address(job.id, size, type, job.made) },
    { name: 'status', valueUrl: jobAddress(context.base, job.id) },
    { name: 'expires', valueInstant: new Date(job.made + addressSeconds * 1000).toISOString() },
  ]
  return { status: 200, text: JSON.stringify({ resourceType: 'Parameters', parameter }) }
}

export const uploadOperation: Operation = { definition, methods: ['POST'], action: 'bundle', run: runUpload }
