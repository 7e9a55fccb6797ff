/** https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response */

import { objectText, raw } from '../../fhir/json/object-text.ts'
import { outcomeText } from '../../outcome/outcome.ts'
import { statusLine } from '../../outcome/status.ts'
import type { Answer, Prefer } from '../../request/call.ts'
import { etagOf } from '../../request/etag.ts'

/**
 * Returns the resource of an entry. A read, a search and a history return theirs; a write returns the resource only for
 * the preference `representation`.
 */
const bodyText = (answer: Answer, prefer: Prefer): string | undefined => {
  const { version, text, issues, written, status, bare } = answer
  if (issues || bare || status === 304 || status === 204) return undefined
  if (text !== undefined) return text
  return version && !version.deleted && (!written || prefer.returns === 'representation')
    ? version.text
    : undefined
}

const outcome = ({ issues, written, warnings }: Answer, prefer: Prefer): string | undefined => {
  if (issues) return outcomeText(issues)
  return written && prefer.returns === 'OperationOutcome' ? outcomeText(warnings ?? []) : undefined
}

/** Returns an answer as an entry of a batch-response or transaction-response. */
export const responseEntry = (answer: Answer, prefer: Prefer, base: string): string => {
  const { status, version, written } = answer
  const body = bodyText(answer, prefer)
  const outcomeText = outcome(answer, prefer)
  return objectText({
    fullUrl: body !== undefined && version ? `${base}/${version.type}/${version.id}` : undefined,
    resource: body === undefined ? undefined : raw(body),
    response: raw(
      objectText({
        status: statusLine(status),
        location:
          written && version && !version.deleted
            ? `${version.type}/${version.id}/_history/${version.v}`
            : undefined,
        etag: version && etagOf(version.v),
        lastModified: version?.t,
        outcome: outcomeText === undefined ? undefined : raw(outcomeText),
      }),
    ),
  })
}
