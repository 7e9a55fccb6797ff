/** https://hl7.org/fhir/R4/http.html#patch — what a patch makes of the current version. */

import type { Resource } from '../../fhir/definitions.ts'
import { Failure } from '../../outcome/failure.ts'
import { gone, notAResource, notFound } from '../../outcome/messages.ts'
import { failOn } from '../../outcome/outcome.ts'
import { type Body, isResource } from '../../request/body.ts'
import type { Version } from '../../store/port.ts'
import type { ValidateOptions } from '../../validate/validate.ts'
import { addressedIssues, placed } from '../request/verify.ts'
import { withoutStaleNarrative } from './narrative.ts'
import type { Patcher } from './patcher.ts'

/** Returns the body that the patch makes of the version; fails where it does not apply or the result is not valid. */
export const patched = (
  type: string,
  id: string,
  before: Version | undefined,
  patcher: Patcher,
  options: ValidateOptions,
): Body => {
  if (!before) throw new Failure([notFound(type, id)])
  if (before.deleted) throw new Failure([gone(type, id)])
  const made = patcher(before.text)
  if (!isResource(JSON.parse(made))) throw notAResource()
  const text = withoutStaleNarrative(before.text, made)
  const body = { text, resource: JSON.parse(text) as Resource }
  failOn(addressedIssues(body, type, id, options))
  return body
}

/** Waits for the work; where it fails, the failure's expressions tell the place in the Bundle. */
export const inPlaceLater = async <T>(place: string, work: Promise<T>): Promise<T> =>
  work.catch((thrown: unknown) =>
    inPlace(place, () => {
      throw thrown
    }),
  )

/** Runs the work; where it fails, the failure's expressions tell the place in the Bundle. */
export const inPlace = <T>(place: string, work: () => T): T => {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    throw new Failure(placed(thrown.issues, place))
  }
}
