/** A check of a resource against profiles: its place, its findings, and the missing lookups. */

import type { Json } from '../../fhir/json/object.ts'
import { error, type Issue, type KindName, type Severity } from '../../outcome/failure.ts'
import { expressionOf } from '../run.ts'
import { shortName } from './compile/definition.ts'
import type { Profile, Rule } from './compile/rule.ts'
import type { ElementItem } from './item.ts'

/** A code to be checked, with its system if known. */
export interface CodedValue {
  system?: string
  version?: string
  code: string
}

export type CodeAnswer = 'yes' | 'no' | 'unknown'

/** Everything outside of the resource. `undefined` means not looked up yet: the check is repeated after the lookup. */
export interface Knowledge {
  /** The profile of an address; null if the profile does not exist. */
  profile(url: string): Profile | null | undefined
  /** Whether the code is in the value set. */
  code(valueSet: string, coded: CodedValue): CodeAnswer | undefined
}

/** The lookups that the check needs. */
export interface Questions {
  profiles: Set<string>
  codes: Map<string, { valueSet: string; coded: CodedValue }>
}

/** The two recursive checks: a type, slice or invariant calls them for the profile or element that the rule names. */
export interface ProfileChecks {
  /** Checks a value against a profile; a value that the profile is checking already is passed over. */
  profile(run: ProfileRun, profile: Profile, item: ElementItem): void
  /** Checks a single value of an element. */
  item(run: ProfileRun, rule: Rule, item: ElementItem): void
}

export interface ProfileRun {
  readonly checks: ProfileChecks
  issues: Issue[]
  readonly path: (string | number)[]
  /** The resource whose contained resources a `#id` names. */
  root: Json
  /** The nearest resource around the current place: a contained resource within itself. */
  resource: Json
  /** The Bundle around the resource, if there is a Bundle. */
  readonly bundle: Json | undefined
  /** The profile that asks. */
  profile: Profile
  readonly knowledge: Knowledge
  readonly questions: Questions
  /** Whether checks that were not possible are reported too. */
  readonly tell: boolean
  /** Whether missing must-support elements are reported too. */
  readonly mustSupport: boolean
  /** The objects under check, each with the profiles that check it: references may lead in circles. */
  readonly judging: Map<unknown, Set<string>>
}

/** The most errors, and the most issues of lower severity: advice must not keep an error from being reported. */
const limit = 100

const addIssue = (
  run: ProfileRun,
  severity: Severity,
  kind: KindName,
  diagnostics: string,
  member?: string,
) => {
  const alike = run.issues.filter((issue) => (issue.severity === 'error') === (severity === 'error'))
  if (alike.length < limit)
    run.issues.push({ ...error(kind, diagnostics, expressionOf(run, member)), severity })
}

/** Adds an error by the profile. */
export const breakProfile = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void =>
  addIssue(run, 'error', kind, `${diagnostics}, says ${shortName(run.profile.url)}`, member)

/** Adds an error by R4 itself. */
export const forbid = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void =>
  addIssue(run, 'error', kind, diagnostics, member)

/** Adds a warning. */
export const warn = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void =>
  addIssue(run, 'warning', kind, diagnostics, member)

/** Adds a check that was not possible, if the caller asked for them. */
export const inform = (run: ProfileRun, kind: KindName, diagnostics: string, member?: string): void => {
  if (run.tell) addIssue(run, 'information', kind, diagnostics, member)
}

/** Adds a missing must-support element, if the caller asked for them. */
export const informOfSupport = (run: ProfileRun, name: string): void => {
  const text = `\`${name}\` is must-support in ${shortName(run.profile.url)}, and not given`
  if (run.mustSupport) addIssue(run, 'information', 'explanation', text)
}

/**
 * Returns the profile of an address, or null if the profile does not exist; for an address not looked up yet, undefined
 * after adding the address to the questions.
 */
export const profileAt = (run: ProfileRun, url: string): Profile | null | undefined => {
  const profile = run.knowledge.profile(url)
  if (profile === undefined) run.questions.profiles.add(url)
  return profile
}

/**
 * Returns whether a code is in a value set; for a code not looked up yet, undefined after adding the code to the
 * questions.
 */
export const answerTo = (run: ProfileRun, valueSet: string, coded: CodedValue): CodeAnswer | undefined => {
  const answer = run.knowledge.code(valueSet, coded)
  if (answer === undefined) run.questions.codes.set(codeQuestionKey(valueSet, coded), { valueSet, coded })
  return answer
}

/** Returns the name of the question whether a code is in a value set. */
export const codeQuestionKey = (valueSet: string, { system = '', version = '', code }: CodedValue): string =>
  `${valueSet}\n${system}\n${version}\n${code}`

/** Returns whether a check finds no error; its issues are dropped. */
export const isQuiet = (run: ProfileRun, check: () => void): boolean => {
  const { issues } = run
  run.issues = []
  check()
  const faultless = !run.issues.some(({ severity }) => severity === 'error')
  run.issues = issues
  return faultless
}

/** Runs a check with the value's position in its list appended to the path. */
export const atItem = (run: ProfileRun, { position }: ElementItem, check: () => void): void => {
  if (position !== undefined) run.path.push(position)
  check()
  if (position !== undefined) run.path.pop()
}
