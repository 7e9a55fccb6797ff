/** What the terminology operations have in common, https://hl7.org/fhir/R4/terminology-service.html */

import { type Canonical, parseCanonical } from '../../fhir/references.ts'
import { read } from '../../interactions/read.ts'
import { Failure, failure } from '../../outcome/failure.ts'
import type { Answer, Call, Dispatch } from '../../request/call.ts'
import type { AskedCoding } from '../../terminology/membership.ts'
import type { Coding } from '../../terminology/resources.ts'
import type { LookupPart } from '../../terminology/systems/lookup.ts'
import { openTerminology, type Terminology } from '../../terminology/terminology.ts'
import { type Input, readInput } from '../support/input.ts'
import type { OperationDefinition } from '../support/operation.ts'
import { checkShape } from '../support/structure-check.ts'

/** One operation at work. */
export interface Work {
  call: Call
  context: Dispatch
  input: Input
  terminology: Terminology
}

export type Run = (work: Work) => Promise<object>

/** Returns an operation that reads its parameters, runs, and tells what comes of it. */
export const running =
  (run: Run) =>
  async (definition: OperationDefinition, call: Call, context: Dispatch): Promise<Answer> => {
    await checkShape(call.body)
    const input = readInput(definition, call)
    const resource = await run({ call, context, input, terminology: openTerminology(context.store) })
    return { status: 200, text: JSON.stringify(resource) }
  }

/** Returns a Parameters resource. */
export const parameters = (parameter: readonly LookupPart[]): object => ({
  resourceType: 'Parameters',
  parameter,
})

/** Returns the resource that the call's address names. */
export const addressed = async <T>({ call, context }: Work): Promise<T> => {
  const { version, issues } = await read({ ...call, query: [], headers: {} }, context)
  if (issues || !version) throw new Failure(issues ?? [])
  return JSON.parse(version.text) as T
}

export const onlyOne = (what: string): Failure =>
  failure('invalid', `The ${what} is named in one way: by the address, by \`url\`, or given whole.`)

export const notHeld = (what: string, canonical: string): Failure =>
  failure('not-found', `The ${what} \`${canonical}\` is not held. Load it as a resource first.`)

export const canonicalOf = (url: string, version: string | undefined): string =>
  version === undefined ? url : `${url}|${version}`

/** A definition that is named by the call's address, by `url`, or is given whole. */
interface Named<T> {
  what: string
  /** The parameter that gives it whole; the one with its version is called after it. */
  member: string
  find(canonical: string): Promise<T | undefined>
}

/** Returns the definition that a call names; undefined where it names none. Fails where it names two, or none that is held. */
export const named = async <T extends { version?: string }>(
  work: Work,
  { what, member, find }: Named<T>,
): Promise<T | undefined> => {
  const { call, input } = work
  const [url, given, version] = [input.text('url'), input.object<T>(member), input.text(`${member}Version`)]
  if ([call.id !== '', url !== undefined, given !== undefined].filter(Boolean).length > 1) throw onlyOne(what)
  const own = call.id === '' ? given : await addressed<T>(work)
  if (own) return ofVersion(own, what, version)
  if (url !== undefined) return heldIn(url, version, what, find)
  if (version === undefined) return undefined
  throw failure('required', `Of which ${what} is \`${version}\` the version? Give \`url\`.`, 'url')
}

/** Returns a definition where it is of the version that is asked for, and fails where it is not. */
export const ofVersion = <T extends { version?: string }>(
  own: T,
  what: string,
  wanted: string | undefined,
): T => {
  if (wanted === undefined || own.version === wanted) return own
  const version = own.version === undefined ? 'has no version' : `is of version \`${own.version}\``
  throw failure('not-found', `The ${what} ${version}; \`${wanted}\` is asked for.`)
}

/** Returns the parts of `url|version` with the version that is asked for beside it; fails where there are two. */
export const canonicalIn = (text: string, beside: string | undefined): Canonical => {
  const { url, version = beside } = parseCanonical(text)
  if (beside !== undefined && version !== beside)
    throw failure(
      'invalid',
      `\`url\` asks for version \`${version}\`, and \`${beside}\` is asked for beside it.`,
      'url',
    )
  return version === undefined ? { url } : { url, version }
}

const heldIn = async <T>(
  text: string,
  beside: string | undefined,
  what: string,
  find: (canonical: string) => Promise<T | undefined>,
): Promise<T> => {
  const { url, version } = canonicalIn(text, beside)
  const canonical = canonicalOf(url, version)
  const found = await find(canonical)
  if (found) return found
  throw notHeld(what, canonical)
}

/** Returns the codes that are asked for: one, or those of a CodeableConcept, of which one must do. */
export const askedIn = (input: Input, system?: string, version?: string): readonly AskedCoding[] => {
  const [code, coding] = [input.text('code'), input.object<Coding>('coding')]
  const concept = input.object<{ coding?: readonly Coding[] }>('codeableConcept')
  if ([code, coding, concept].filter((each) => each !== undefined).length !== 1)
    throw failure('required', 'Give one of `code`, `coding` and `codeableConcept`.')
  const display = input.text('display')
  const own = Object.entries({ system, version, display }).filter(([, value]) => value !== undefined)
  const [extra] = own[0] ?? []
  if (code === undefined && extra !== undefined)
    throw failure('invalid', `The ${extra} goes with \`code\`; a coding has its own.`, extra)
  const codings: readonly Coding[] =
    code !== undefined ? [{ code, ...Object.fromEntries(own) }] : (concept?.coding ?? [coding ?? {}])
  return codings.filter((each): each is AskedCoding => typeof each.code === 'string')
}
