/** https://hl7.org/fhir/R4/provenance.html#header — who did a change and why, stated beside it in a header. */

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
const longest = 8192

const wrong = (why: string): Issue => error('invalid', `\`X-Provenance\` ${why}`)

/** What is wrong with a request that carries the header where nothing heeds it. */
export const unheeded: readonly Issue[] = [
  wrong(
    'goes with one create, update or patch. In a Bundle, a Provenance is an entry of its own, whose `target` is the `fullUrl` of another.',
  ),
]

const parsed = (text: string): Resource | undefined => {
  try {
    const json = parseJson(text)
    return typeof json === 'object' && json !== null ? (json as Resource) : undefined
  } catch {
    return undefined
  }
}

const formIssues = (text: string): Issue[] => {
  if (text.length > longest)
    return [wrong(`has ${text.length} characters; at most ${longest} are taken. Send a transaction instead.`)]
  return /^[\t -~]*$/.test(text) ? [] : [wrong('takes ASCII only: write other characters as `\\u00e9`.')]
}

const about = (resource: Resource, reference: string): Resource => ({ ...resource, target: [{ reference }] })

const contentIssues = (resource: Resource, text: string, type: string): Issue[] => {
  if ('target' in resource)
    return [wrong('must leave `target` out: the server names the version that the request makes.')]
  return validate(about(resource, `${type}/new`), 'Provenance', { text }).map((issue) => ({
    ...issue,
    diagnostics: `\`X-Provenance\`: ${issue.diagnostics}`,
  }))
}

/** The Provenance that came with a change, or why it cannot be one. */
export interface Stated {
  provenance?: Body
  issues: readonly Issue[]
}

/** Returns the Provenance that the headers of a change to a resource of the type state. */
export const statedIn = (
  headers: Readonly<Record<string, string>>,
  type: string,
  { principal }: Pick<Context, 'principal'>,
): Stated => {
  const text = headers[provenanceHeader]
  if (text === undefined) return { issues: [] }
  const form = formIssues(text)
  if (form.length > 0) return { issues: form }
  const resource = parsed(text)
  if (!resource) return { issues: [wrong('is not a Provenance in JSON.')] }
  const issues = [...accessIssues(principal, 'create', 'Provenance'), ...contentIssues(resource, text, type)]
  return { provenance: { resource, text }, issues }
}

const withTarget = ({ resource, text }: Body, reference: string): Body => ({
  resource: about(resource, reference),
  text: `{"target":${JSON.stringify([{ reference }])},${text.slice(skipSpace(text, 0) + 1)}`,
})

/** Returns the creation of the Provenance that came with a command, once the version it is about is known. */
export const accountOf = ({ provenance }: Command, { write }: Stamped): PutCommand[] =>
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
