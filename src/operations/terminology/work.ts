/** Code shared by the terminology operations: https://hl7.org/fhir/R4/terminology-service.html */

import { type Canonical, parseCanonical } from '../../fhir/references.ts'
import { read } from '../../interactions/read.ts'
import { Failure, failure } from '../../outcome/failure.ts'
import type { Answer, Call, Dispatch } from '../../request/call.ts'
import type { AskedCoding } from '../../terminology/membership.ts'
import type { Coding } from '../../terminology/resources.ts'
import type { LookupPart } from '../../terminology/systems/lookup.ts'
import { openTerminology, type Terminology } from '../../terminology/terminology.ts'
import { type OperationInput, readInput } from '../support/input.ts'
import type { OperationDefinition } from '../support/operation.ts'
import { checkStructure } from '../support/structure-check.ts'

/** A call of a terminology operation, with its input. */
export interface TerminologyCall {
  call: Call
  context: Dispatch
  input: OperationInput
  terminology: Terminology
}

export type TerminologyRun = (work: TerminologyCall) => Promise<object>

/** Returns an operation that checks the body's structure, reads the input, and answers with the resource of the run. */
export const withInput =
  (run: TerminologyRun) =>
  async (definition: OperationDefinition, call: Call, context: Dispatch): Promise<Answer> => {
    await checkStructure(call.body)
    const input = readInput(definition, call)
    const resource = await run({ call, context, input, terminology: openTerminology(context.reader) })
    return { status: 200, text: JSON.stringify(resource) }
  }

/** Returns a Parameters resource. */
export const parametersResource = (parameter: readonly LookupPart[]): object => ({
  resourceType: 'Parameters',
  parameter,
})

/** Returns the resource that the call's address names. */
export const addressed = async <T>({ call, context }: TerminologyCall): Promise<T> => {
  const { version, issues } = await read({ ...call, query: [], headers: {} }, context)
  if (issues || !version) throw new Failure(issues ?? [])
  return JSON.parse(version.text) as T
}

export const onlyOne = (what: string): Failure =>
  failure('invalid', `The ${what} is named in one way: by the address, by \`url\`, or given whole.`)

export const definitionMissing = (what: string, canonical: string): Failure =>
  failure('not-found', `The ${what} \`${canonical}\` is not loaded. Store it as a resource first.`)

export const canonicalText = (url: string, version: string | undefined): string =>
  version === undefined ? url : `${url}|${version}`

/** A kind of definition that a call names by its address or by `url`, or includes whole. */
interface DefinitionKind<T> {
  what: string
  /** The parameter with the whole definition; the parameter with the definition's version is `${member}Version`. */
  member: string
  find(canonical: string): Promise<T | undefined>
}

/**
 * Returns the definition that a call names or includes; undefined for a call without a definition. Fails with `invalid`
 * for two definitions, with `not-found` for a definition that is not loaded, and with `required` for a version alone.
 */
export const namedDefinition = async <T extends { version?: string }>(
  work: TerminologyCall,
  { what, member, find }: DefinitionKind<T>,
): Promise<T | undefined> => {
  const { call, input } = work
  const [url, given, version] = [input.text('url'), input.object<T>(member), input.text(`${member}Version`)]
  if ([call.id !== '', url !== undefined, given !== undefined].filter(Boolean).length > 1) throw onlyOne(what)
  const own = call.id === '' ? given : await addressed<T>(work)
  if (own) return inWantedVersion(own, what, version)
  if (url !== undefined) return loadedDefinition(url, version, what, find)
  if (version === undefined) return undefined
  throw failure('required', `Of which ${what} is \`${version}\` the version? Give \`url\`.`, 'url')
}

/** Returns the definition if its version is the wanted version, and fails with `not-found` otherwise. */
export const inWantedVersion = <T extends { version?: string }>(
  own: T,
  what: string,
  wanted: string | undefined,
): T => {
  if (wanted === undefined || own.version === wanted) return own
  const version = own.version === undefined ? 'has no version' : `is of version \`${own.version}\``
  throw failure('not-found', `The ${what} ${version}; \`${wanted}\` is asked for.`)
}

/**
 * Returns the parts of `url|version`, with the separate version if the text has no version; fails with `invalid` for two
 * different versions.
 */
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

const loadedDefinition = async <T>(
  text: string,
  beside: string | undefined,
  what: string,
  find: (canonical: string) => Promise<T | undefined>,
): Promise<T> => {
  const { url, version } = canonicalIn(text, beside)
  const canonical = canonicalText(url, version)
  const found = await find(canonical)
  if (found) return found
  throw definitionMissing(what, canonical)
}

/**
 * Returns the codes of a call: a single code or coding, or all codings of a CodeableConcept. Fails with `required` for a
 * call without a code or with several.
 */
export const askedCodings = (
  input: OperationInput,
  system?: string,
  version?: string,
): readonly AskedCoding[] => {
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
