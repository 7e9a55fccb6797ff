/** The Provenance of a change, sent in a header: https://hl7.org/fhir/R4/provenance.html#header */

import { accessIssues } from '../../auth/authorise.ts'
import type { Resource } from '../../fhir/definitions.ts'
import { skipSpace } from '../../fhir/json/splice.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import { type Body, parseJson } from '../../request/body.ts'
import type { Context } from '../../request/context.ts'
import { validate } from '../../validate/validate.ts'
import type { Command, PutCommand } from '../command.ts'
import type { Stamped } from '../stamp.ts'

export const provenanceHeader = 'x-provenance'

/** API Gateway takes 10,240 bytes of headers in all: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const maxHeaderCharacters = 8192

const provenanceIssue = (why: string): Issue => error('invalid', `\`X-Provenance\` ${why}`)

/** The issue of a request that would ignore the header. */
export const misplacedProvenance: readonly Issue[] = [
  provenanceIssue(
    'goes with one create, update or patch. In a Bundle, a Provenance is an entry of its own, whose `target` is the `fullUrl` of another.',
  ),
]

const parsedProvenance = (text: string): Resource | undefined => {
  try {
    const json = parseJson(text)
    return typeof json === 'object' && json !== null ? (json as Resource) : undefined
  } catch {
    return undefined
  }
}

const formIssues = (text: string): Issue[] => {
  if (text.length > maxHeaderCharacters)
    return [
      provenanceIssue(
        `has ${text.length} characters; at most ${maxHeaderCharacters} are taken. Send a transaction instead.`,
      ),
    ]
  return /^[\t -~]*$/.test(text)
    ? []
    : [provenanceIssue('takes ASCII only: write other characters as `\\u00e9`.')]
}

const about = (resource: Resource, reference: string): Resource => ({ ...resource, target: [{ reference }] })

const contentIssues = (resource: Resource, text: string, type: string): Issue[] => {
  if ('target' in resource)
    return [provenanceIssue('must leave `target` out: the server names the version that the request makes.')]
  return validate(about(resource, `${type}/new`), 'Provenance', { text }).map((issue) => ({
    ...issue,
    diagnostics: `\`X-Provenance\`: ${issue.diagnostics}`,
  }))
}

/** The Provenance sent with a change, or the issues of a malformed header. */
export interface StatedProvenance {
  provenance?: Body
  issues: readonly Issue[]
}

/** Returns the Provenance in the headers of a change to a resource of the type. */
export const provenanceIn = (
  headers: Readonly<Record<string, string>>,
  type: string,
  { principal }: Pick<Context, 'principal'>,
): StatedProvenance => {
  const text = headers[provenanceHeader]
  if (text === undefined) return { issues: [] }
  const form = formIssues(text)
  if (form.length > 0) return { issues: form }
  const resource = parsedProvenance(text)
  if (!resource) return { issues: [provenanceIssue('is not a Provenance in JSON.')] }
  const issues = [...accessIssues(principal, 'create', 'Provenance'), ...contentIssues(resource, text, type)]
  return { provenance: { resource, text }, issues }
}

const withTarget = ({ resource, text }: Body, reference: string): Body => ({
  resource: about(resource, reference),
  text: `{"target":${JSON.stringify([{ reference }])},${text.slice(skipSpace(text, 0) + 1)}`,
})

/** Returns the command that creates a command's Provenance, with the written version as its target. */
export const provenanceCommandsOf = ({ provenance }: Command, { write }: Stamped): PutCommand[] =>
  provenance && write?.text !== undefined
    ? [
        {
          kind: 'put',
          method: 'POST',
          type: 'Provenance',
          id: crypto.randomUUID(),
          fresh: true,
          place: '',
          body: withTarget(provenance, `${write.type}/${write.id}/_history/${write.v}`),
        },
      ]
    : []
