/** https://hl7.org/fhir/R4/valueset-operations.html and https://hl7.org/fhir/R4/codesystem-operations.html */

import type { Canonical } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import { operationOutcome } from '../../outcome/outcome.ts'
import type { AskedCoding } from '../../terminology/membership.ts'
import type { CodeSystemResource, Coding, ValueSetResource } from '../../terminology/resources.ts'
import { spellingOf, systemBySpelling } from '../../terminology/systems/grammars.ts'
import { type CodeNode, type CodeSystemGraph, nodeOf, systemOf } from '../../terminology/systems/graph.ts'
import { type LookupPart, lookedUp, subsumption } from '../../terminology/systems/lookup.ts'
import {
  type CheckOptions,
  type CodeCheck,
  checkInSet,
  checkInSystem,
  checkNameless,
  checkSpelling,
} from '../../terminology/value-sets/check.ts'
import { type ExpansionOptions, expanded } from '../../terminology/value-sets/expansion.ts'
import { type LoadedTerminology, loadReferred } from '../../terminology/value-sets/loaded.ts'
import { pinned } from '../../terminology/value-sets/versions.ts'
import type { OperationInput } from '../support/input.ts'
import {
  addressed,
  askedCodings,
  canonicalIn,
  canonicalText,
  definitionMissing,
  inWantedVersion,
  namedDefinition,
  onlyOne,
  parametersResource,
  type TerminologyCall,
  type TerminologyRun,
  withInput,
} from './work.ts'

const requiredValueSet = async (work: TerminologyCall): Promise<ValueSetResource> => {
  const find = (canonical: string) => work.terminology.valueSet(canonical)
  const found = await namedDefinition<ValueSetResource>(work, { what: 'value set', member: 'valueSet', find })
  if (found) return found
  throw failure(
    'required',
    'Which value set? Give `url`, or `valueSet` with a whole one, or ask at its address.',
  )
}

const expansionOptionsIn = (input: OperationInput): ExpansionOptions =>
  Object.fromEntries(
    Object.entries({
      filter: input.text('filter'),
      offset: input.whole('offset'),
      count: input.whole('count'),
      activeOnly: input.flag('activeOnly'),
      includeDesignations: input.flag('includeDesignations'),
      designation: manyOrNone(input.texts('designation')),
      includeDefinition: input.flag('includeDefinition'),
      excludeNested: input.flag('excludeNested'),
      excludeNotForUI: input.flag('excludeNotForUI'),
      displayLanguage: input.text('displayLanguage'),
      'exclude-system': manyOrNone(input.texts('exclude-system')),
      'system-version': manyOrNone(input.texts('system-version')),
      'check-system-version': manyOrNone(input.texts('check-system-version')),
      'force-system-version': manyOrNone(input.texts('force-system-version')),
    }).filter(([, value]) => value !== undefined),
  )

const manyOrNone = (texts: readonly string[]): readonly string[] | undefined =>
  texts.length > 0 ? texts : undefined

const runExpand: TerminologyRun = async (work) => {
  const { context } = work
  const wanted = expansionOptionsIn(work.input)
  const terminology = pinned(work.terminology, {
    usual: wanted['system-version'] ?? [],
    checked: wanted['check-system-version'] ?? [],
    forced: wanted['force-system-version'] ?? [],
  })
  const valueSet = await requiredValueSet(work)
  const loaded = await loadReferred(terminology, valueSet)
  return expanded(loaded, valueSet, wanted, new Date(context.now()).toISOString())
}

const checkOptionsIn = (input: OperationInput): CheckOptions => {
  const [abstract, displayLanguage] = [input.flag('abstract'), input.text('displayLanguage')]
  return {
    ...(abstract !== undefined && { abstract }),
    ...(displayLanguage !== undefined && { displayLanguage }),
  }
}

/** Returns the parts of an answer, by the first valid code, or else with the messages and issues of all codes. */
const checkedParts = (checked: readonly CodeCheck[]): readonly LookupPart[] => {
  const { result, display } = checked.find((each) => each.result) ?? checked[0] ?? { result: false }
  const found = checked.find((each) => each.result)
  const issues = found ? found.issues : checked.flatMap((each) => each.issues)
  const message = found
    ? found.message
    : checked.map((each) => each.message).join(' ') || 'There is no code in it.'
  return [
    { name: 'result', valueBoolean: result },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...(display === undefined ? [] : [{ name: 'display', valueString: display }]),
    ...(issues.length === 0 ? [] : [{ name: 'issues', resource: operationOutcome(issues) } as LookupPart]),
  ]
}

const runCheckInSet: TerminologyRun = async (work) => {
  const { input, terminology } = work
  const valueSet = await requiredValueSet(work)
  const loaded = await loadReferred(terminology, valueSet)
  const asked = askedCodings(input, input.text('system'), input.text('systemVersion'))
  const isBare = input.text('code') !== undefined
  if (isBare && asked[0]?.system === undefined) refuseAmbiguousSystem(loaded, valueSet)
  const check = (each: AskedCoding): CodeCheck =>
    isBare || each.system !== undefined
      ? checkInSet(loaded, valueSet, each, checkOptionsIn(input))
      : checkNameless(each)
  return parametersResource(checkedParts(asked.map(check)))
}

/** Fails with `required` for a code without a system, unless the value set draws from a single code system. */
const refuseAmbiguousSystem = (
  { systems, missing }: LoadedTerminology,
  { url = '' }: ValueSetResource,
): void => {
  if (systems.length + missing.length > 1)
    throw failure(
      'required',
      `The value set \`${url}\` draws from several code systems: give \`system\`.`,
      'system',
    )
}

const loadedSystem = async (
  { terminology }: TerminologyCall,
  url: string,
  version: string | undefined,
): Promise<CodeSystemGraph> => {
  const system = await terminology.system(url, version)
  if (!system) throw definitionMissing('code system', canonicalText(url, version))
  return system
}

/**
 * Returns the code system of a call. At an instance this is everything loaded under the instance's address and version,
 * from whichever piece the call addressed.
 */
const requiredSystem = async (
  work: TerminologyCall,
  url: string | undefined,
  version: string | undefined,
): Promise<CodeSystemGraph> => {
  const { call, input } = work
  const given = input.object<CodeSystemResource>('codeSystem')
  if ([call.id !== '', url !== undefined, given !== undefined].filter(Boolean).length > 1)
    throw onlyOne('code system')
  const own = call.id === '' ? given && systemOf([given]) : await instanceSystem(work)
  if (own) return inWantedVersion(own, 'code system', version)
  if (url === undefined)
    throw failure('required', 'Which code system? Give its address, or ask at its own.', 'system')
  return loadedSystem(work, url, version)
}

const instanceSystem = async (work: TerminologyCall): Promise<CodeSystemGraph> => {
  const own = await addressed<CodeSystemResource>(work)
  const system = own.url === undefined ? systemOf([own]) : await work.terminology.system(own.url, own.version)
  if (!system) throw definitionMissing('content of the code system', own.url)
  return system
}

const nodeIn = (system: CodeSystemGraph, code: string): CodeNode => {
  const node = nodeOf(system, code)
  if (node) return node
  throw failure(
    'not-found',
    system.complete
      ? `\`${code}\` is no code of the code system \`${system.url}\`.`
      : `\`${code}\` is not in the part of the code system \`${system.url}\` that is loaded.`,
  )
}

/**
 * Checks codes of a system that has a grammar instead of a list, such as UCUM or media types; undefined for a system with
 * a list.
 */
const checkedBySpelling = async (
  work: TerminologyCall,
  url: string | undefined,
): Promise<CodeCheck[] | undefined> => {
  const { input, terminology } = work
  if (url === undefined || input.object('codeSystem') || !spellingOf(url, '')) return undefined
  if (await terminology.system(url, input.text('version'))) return undefined
  const asked = askedCodings(input).filter(({ system = url }) => system === url)
  return asked.map((each) => checkSpelling(url, each, spellingOf(url, each.code)?.answer ?? 'unknown'))
}

/**
 * Returns the address of the code system: from `url`, or from the coding of a call without an addressed or included code
 * system.
 */
const systemNamed = ({ call, input }: TerminologyCall): Partial<Canonical> => {
  const [text, beside] = [input.text('url'), input.text('version')]
  if (text !== undefined) return canonicalIn(text, beside)
  const isThere = call.id !== '' || input.object('codeSystem') !== undefined
  const { system: url, version: own } = (isThere ? undefined : input.object<Coding>('coding')) ?? {}
  const version = beside ?? own
  return { ...(url !== undefined && { url }), ...(version !== undefined && { version }) }
}

const runCheckInSystem: TerminologyRun = async (work) => {
  const { input } = work
  const { url, version } = systemNamed(work)
  const bySpelling = await checkedBySpelling(work, url)
  if (bySpelling) return parametersResource(checkedParts(bySpelling))
  const system = await requiredSystem(work, url, version)
  const asked = askedCodings(input)
  const own = asked.filter((each) => each.system === undefined || each.system === system.url)
  if (own.length === 0 && asked.length > 0)
    throw failure('invalid', `\`${asked[0]?.system}\` is not the code system \`${system.url}\`.`, 'coding')
  return parametersResource(
    checkedParts(own.map((each) => checkInSystem(system, each, checkOptionsIn(input)))),
  )
}

/**
 * Returns a code system with nothing but this code, made from its spelling; undefined for a system without a grammar or
 * with a loaded list.
 */
const spelledSystem = async (
  { terminology }: TerminologyCall,
  url: string,
  code: string,
): Promise<CodeSystemGraph | undefined> => {
  const spelling = spellingOf(url, code)
  if (!spelling || spelling.answer === 'unknown' || (await terminology.system(url))) return undefined
  return systemBySpelling(url, code, spelling)
}

const runLookup: TerminologyRun = async (work) => {
  const { input } = work
  const [asked] = askedCodings(input, input.text('system'))
  if (!asked) throw failure('required', 'The coding has no `code`.', 'coding')
  const version = input.text('version') ?? asked.version
  if (asked.system === undefined)
    throw failure('required', 'A code is looked up in a system: give `system`.', 'system')
  const spelled = await spelledSystem(work, asked.system, asked.code)
  const system = spelled ?? (await loadedSystem(work, asked.system, version))
  const node = nodeIn(system, asked.code)
  return parametersResource(lookedUp(system, node, input.texts('property'), input.text('displayLanguage')))
}

const runSubsumes: TerminologyRun = async (work) => {
  const { input } = work
  const [a, b] = [pairOf(input, 'A'), pairOf(input, 'B')]
  const urls = [input.text('system'), a.system, b.system].filter((each) => each !== undefined)
  if (new Set(urls).size > 1)
    throw failure(
      'invalid',
      `Codes are compared within one code system, not across ${[...new Set(urls)].join(' and ')}.`,
    )
  const versions = [input.text('version'), a.version, b.version].filter((each) => each !== undefined)
  if (new Set(versions).size > 1) throw failure('invalid', `Codes of different versions cannot be compared.`)
  const system = await requiredSystem(work, work.call.id === '' ? urls[0] : undefined, versions[0])
  if (urls[0] !== undefined && urls[0] !== system.url)
    throw failure('invalid', `\`${urls[0]}\` is not the code system \`${system.url}\`.`, 'system')
  const outcome = subsumption(system, nodeIn(system, a.code), nodeIn(system, b.code))
  if (outcome) return parametersResource([{ name: 'outcome', valueCode: outcome }])
  throw failure(
    'unsupported',
    `The relation of \`${a.code}\` and \`${b.code}\` is unknown: ${
      system.isA
        ? `what lies above them in the code system \`${system.url}\` is loaded only in part`
        : `the hierarchy of the code system \`${system.url}\` is of another meaning than \`is-a\``
    }.`,
  )
}

const pairOf = (input: OperationInput, which: 'A' | 'B'): AskedCoding => {
  const [code, coding] = [input.text(`code${which}`), input.object<Coding>(`coding${which}`)]
  const found = code ?? coding?.code
  if (found === undefined || (code !== undefined && coding))
    throw failure('required', `Give \`code${which}\` or \`coding${which}\`.`, `code${which}`)
  return { ...coding, code: found }
}

export const terminologyRuns = {
  expand: withInput(runExpand),
  checkInSet: withInput(runCheckInSet),
  lookup: withInput(runLookup),
  checkInSystem: withInput(runCheckInSystem),
  subsumes: withInput(runSubsumes),
}
