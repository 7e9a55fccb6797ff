/** The kinds of patches, a row for each: https://hl7.org/fhir/R4/http.html#patch */

import { failure } from '../../outcome/failure.ts'
import type { MetaPatch } from './meta-patch.ts'
import type { Patcher } from './patcher.ts'

/** A patch as sent by a client: its text and its media type without parameters. */
export interface SentPatch {
  type: string
  text: string
}

/** A patch as data. A `MetaPatch` is made by the operations `$meta-add` and `$meta-delete` and has no media type. */
export type Patch = SentPatch | MetaPatch

/** Turns a patch's text into the function that applies the patch; fails for a malformed patch. */
type Engine = (patch: string) => Patcher

const jsonPatch = async (): Promise<Engine> => (await import('./json-patch.ts')).jsonPatcher
const fhirPathPatch = async (): Promise<Engine> => (await import('./fhirpath-patch.ts')).fhirPathPatcher

const xmlPatch = async (): Promise<Engine> => (await import('./xml-patch.ts')).xmlPatcher

const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  'application/json-patch+json': jsonPatch,
  'application/json-patch': jsonPatch,
  'application/fhir+json': fhirPathPatch,
  'application/fhir+xml': fhirPathPatch,
  'application/xml-patch+xml': xmlPatch,
}

/** All media types of patches. */
export const patchTypes: readonly string[] = Object.keys(engines)

/** Returns the function that applies the patch; fails for a malformed patch and an unknown media type. */
export const patcherOf = async (patch: Patch): Promise<Patcher> => {
  if ('meta' in patch) return (await import('./meta-patch.ts')).metaPatcher(patch)
  const { type, text } = patch
  const engine = engines[type]
  if (!engine)
    throw failure('media-type', `\`${type}\` is not a kind of patch. It may be ${patchTypes.join(', ')}.`)
  return (await engine())(text)
}
