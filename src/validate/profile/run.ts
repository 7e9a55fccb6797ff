/** One check of a resource against profiles: where it stands, what it has found, and what it would have to know. */

import type { Json } from '../../fhir/json/object.ts'
import { error, type Issue, type KindName, type Severity } from '../../outcome/failure.ts'
import { expressionOf } from '../run.ts'
import { shortName } from './compile/definition.ts'
import type { Profile, Rule } from './compile/rule.ts'
import type { Item } from './item.ts'

/** A code to be judged, with the system where it has one. */
export interface Coded {
  system?: string
  version?: string
  code: string
}

export type Answer = 'yes' | 'no' | 'unknown'

/** What lies outside of the resource. `undefined` says that it was not looked up yet: it will be, and the check is repeated. */
export interface Knowledge {
  /** The profile of an address; null where there is none. */
  profile(url: string): Profile | null | undefined
  /** Whether the code is in the value set. */
  code(valueSet: string, coded: Coded): Answer | undefined
}

/** What was missed. */
export interface Questions {
  profiles: Set<string>
  codes: Map<string, { valueSet: string; coded: Coded }>
}

/** The two checks that lead back to themselves: from a type, slice or invariant to the profile or element that it names. */
export interface ProfileChecks {
  /** Checks a value against a profile; a value that the profile is checking already is passed over. */
  profile(run: ProfileRun, profile: Profile, item: Item): void
  /** Checks one value of an element. */
  item(run: ProfileRun, rule: Rule, item: Item): void
}

export interface ProfileRun {
  readonly checks: ProfileChecks
  issues: Issue[]
  readonly path: (string | number)[]
  /** The resource whose contained resources a `#id` names. */
  root: Json
  /** The nearest resource around the current place: a contained one within itself. */
  resource: Json
  /** The Bundle around all of it, where there is one. */
  readonly bundle: Json | undefined
  /** The profile that asks. */
  profile: Profile
  readonly knowledge: Knowledge
  readonly questions: Questions
  /** Whether to tell also what could not be checked. */
  readonly tell: boolean
  /** Whether to tell also which elements that must be supported are not given. */
  readonly mustSupport: boolean
  /** Which objects are being judged by which profiles: references may lead in circles. */
  readonly judging: Map<unknown, Set<string>>
}

/** Of errors, and of everything else: advice must not keep an error from being told. */
const limit = 100

const add = (run: ProfileRun, severity: Severity, kind: KindName, diagnostics: string, member?: string) => {
  const alike = run.issues.filter((issue) => (issue.severity === 'error') === (severity === 'error'))
  if (alike.length < limit)
    run.issues.push({ ...error(kind, diagnostics, expressionOf(run, member)), severity })
}

/** Notes what breaks the profile. */
export const refuse = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void =>
  add(run, 'error', kind, `${diagnostics}, says ${shortName(run.profile.url)}`, member)

/** Notes what R4 itself forbids. */
export const forbid = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void =>
  add(run, 'error', kind, diagnostics, member)

/** Notes what is worth a look. */
export const warn = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void =>
  add(run, 'warning', kind, diagnostics, member)

/** Notes what could not be checked, for those who ask. */
export const inform = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void => {
  if (run.tell) add(run, 'information', kind, diagnostics, member)
}

/** Notes an element that must be supported and is not given, for those who ask. */
export const informOfSupport = (run: ProfileRun, name: string): void => {
  const text = `\`${name}\` is must-support in ${shortName(run.profile.url)}, and not given`
  if (run.mustSupport) add(run, 'information', 'explanation', text)
}

/** Returns the profile of an address, or null where there is none; one that was not looked up yet is asked for. */
export const profileAt = (run: ProfileRun, url: string): Profile | null | undefined => {
  const profile = run.knowledge.profile(url)
  if (profile === undefined) run.questions.profiles.add(url)
  return profile
}

/** Returns whether a code is in a value set; what was not judged yet is asked for. */
export const answerTo = (run: ProfileRun, valueSet: string, coded: Coded): Answer | undefined => {
  const answer = run.knowledge.code(valueSet, coded)
  if (answer === undefined) run.questions.codes.set(codeKey(valueSet, coded), { valueSet, coded })
  return answer
}

/** Returns the name of the question whether a code is in a value set. */
export const codeKey = (valueSet: string, { system = '', version = '', code }: Coded): string =>
  `${valueSet}\n${system}\n${version}\n${code}`

/** Returns whether what is done finds no fault; its findings are forgotten. */
export const isQuiet = (run: ProfileRun, check: () => void): boolean => {
  const { issues } = run
  run.issues = []
  check()
  const faultless = !run.issues.some(({ severity }) => severity === 'error')
  run.issues = issues
  return faultless
}

/** Runs a check with the value's position in its list appended to the path. */
export const atItem = (run: ProfileRun, { position }: Item, check: () => void): void => {
  if (position !== undefined) run.path.push(position)
  check()
  if (position !== undefined) run.path.pop()
}
