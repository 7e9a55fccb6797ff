/** Claims that the service implements a guide in its entirety, for the CapabilityStatement; for administrators. */

import { failure } from '../outcome/failure.ts'
import { announcedIn } from '../request/announcement.ts'
import { canonicalBase, type Interaction } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { readInput } from './support/input.ts'
import type { Operation, OperationDefinition } from './support/operation.ts'

const definition: OperationDefinition = {
  url: `${canonicalBase}/OperationDefinition/claim`,
  code: 'claim',
  affectsState: true,
  system: true,
  type: false,
  instance: false,
  parameter: [
    { name: 'guide', use: 'in', min: 0, max: '1', type: 'canonical' },
    { name: 'statement', use: 'in', min: 0, max: '1', type: 'canonical' },
    { name: 'withdraw', use: 'in', min: 0, max: '1', type: 'boolean' },
    {
      name: 'claim',
      use: 'out',
      min: 0,
      max: '*',
      part: [
        { name: 'guide', use: 'out', min: 1, max: '1', type: 'canonical' },
        { name: 'statement', use: 'out', min: 0, max: '1', type: 'canonical' },
      ],
    },
  ],
}

/** https://hl7.org/fhir/R4/datatypes.html#canonical — an absolute address, perhaps with a version. */
const canonicalPattern = /^[a-z][a-z0-9+.-]*:[^\s|]+(\|[^\s|]+)?$/i

const longestCanonical = 500

const checkCanonical = (name: string, text: string | undefined): void => {
  if (text === undefined) return
  if (text.length > longestCanonical)
    throw failure(
      'invalid',
      `\`${name}\` has ${text.length} characters; at most ${longestCanonical} are taken.`,
      name,
    )
  if (canonicalPattern.test(text)) return
  throw failure(
    'invalid',
    `\`${name}=${text}\` is not a canonical address, such as \`http://example.org/guide|1.0\`.`,
    name,
  )
}

const claimsText = async ({ store }: Context): Promise<string> => {
  const { claims } = announcedIn(await store.announcement())
  const parameter = claims.map(({ guide, statement }) => ({
    name: 'claim',
    part: [
      { name: 'guide', valueCanonical: guide },
      ...(statement === undefined ? [] : [{ name: 'statement', valueCanonical: statement }]),
    ],
  }))
  return JSON.stringify({ resourceType: 'Parameters', ...(parameter.length > 0 && { parameter }) })
}

const listClaims: Interaction = async (call, context) => {
  readInput({ ...definition, parameter: [] }, call)
  return { status: 200, text: await claimsText(context) }
}

/** Makes or withdraws a claim; a claim of another version of the guide is replaced. */
const runClaim: Interaction = async (call, context) => {
  const input = readInput(definition, call)
  const [guide, statement] = [input.text('guide'), input.text('statement')]
  checkCanonical('guide', guide)
  checkCanonical('statement', statement)
  if (guide === undefined)
    throw failure('required', '`$claim` needs a `guide`: its canonical address, with its version.', 'guide')
  const { addClaim, withdrawClaim } = await import('../write/policy/announce.ts')
  if (input.flag('withdraw')) await withdrawClaim(guide, context)
  else await addClaim({ guide, ...(statement !== undefined && { statement }) }, context)
  return { status: 200, text: await claimsText(context) }
}

const claimBy = (method: 'GET' | 'POST', interaction: Interaction): Operation => ({
  definition,
  methods: [method],
  action: 'administer',
  run: interaction,
})

/** GET lists the claims; POST makes or withdraws a claim. */
export const claimOperations: readonly Operation[] = [claimBy('GET', listClaims), claimBy('POST', runClaim)]
