/** The result of a patch on the current version: https://hl7.org/fhir/R4/http.html#patch */

import type { Resource } from '../../fhir/definitions.ts'
import { Failure } from '../../outcome/failure.ts'
import { gone, notAResource, notFound } from '../../outcome/messages.ts'
import { failOn, placed } from '../../outcome/outcome.ts'
import { type Body, isResource } from '../../request/body.ts'
import type { Version } from '../../store/port.ts'
import type { ValidateOptions } from '../../validate/validate.ts'
import type { Command } from '../command.ts'
import { addressedIssues } from '../request/verify.ts'
import { withoutStaleNarrative } from './narrative.ts'
import { patcherOf } from './patch.ts'
import type { Patcher } from './patcher.ts'

const patched = (
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

/** Waits for the work; adds the place in the Bundle to the expressions of a failure. */
export const inPlaceLater = async <T>(place: string, work: Promise<T>): Promise<T> =>
  work.catch((thrown: unknown) =>
    inPlace(place, () => {
      throw thrown
    }),
  )

/** Runs the work; adds the place in the Bundle to the expressions of a failure. */
export const inPlace = <T>(place: string, work: () => T): T => {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    throw new Failure(placed(thrown.issues, place))
  }
}

/** Returns the function of each patch, by its command; fails with the first patch that is not well-formed. */
export const patchersOf = async (commands: readonly Command[]): Promise<ReadonlyMap<Command, Patcher>> => {
  const patchers = new Map<Command, Patcher>()
  for (const command of commands)
    if (command.kind === 'patch')
      patchers.set(command, await inPlaceLater(command.place, patcherOf(command.patch)))
  return patchers
}

/**
 * Returns the body that a command stores, given the current version; undefined for a deletion. Fails if a patch does not
 * apply, and if its result is not valid.
 */
export const bodyAfter = (
  command: Command,
  before: Version | undefined,
  patchers: ReadonlyMap<Command, Patcher>,
  options: ValidateOptions,
): Body | undefined => {
  if (command.kind === 'put') return command.body
  const { type, id, place } = command
  const patcher = patchers.get(command)
  return patcher && inPlace(place, () => patched(type, id, before, patcher, options))
}
