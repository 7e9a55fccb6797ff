/** The check of a code, with its name, against a value set or a code system. */

import { error, type Issue, warning } from '../../outcome/failure.ts'
import type { AskedCoding, CodeVerdict, Membership } from '../membership.ts'
import type { ValueSetResource } from '../resources.ts'
import { type CodeSystemGraph, isAbstract, nodeOf } from '../systems/graph.ts'
import type { ExpandedCode } from './expand.ts'
import { displayIn } from './expansion.ts'
import { judgeOf } from './judge.ts'
import type { LoadedTerminology } from './loaded.ts'

/** The answer to `$validate-code`. */
export interface CodeCheck {
  result: boolean
  message?: string
  display?: string
  issues: readonly Issue[]
}

export interface CheckOptions {
  /** `false` refuses codes that only group codes. */
  abstract?: boolean
  displayLanguage?: string
}

/** Returns the check of a code against a value set. An answer of `unknown` counts as failed. */
export const checkInSet = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
  asked: AskedCoding,
  manner: CheckOptions,
): CodeCheck => {
  const verdict = judgeOf(held, valueSet)(asked)
  const name = `the value set \`${valueSet.url ?? valueSet.id ?? valueSet.name ?? 'given'}\``
  if (verdict.answer === 'unknown') return failedCheck([cannotTell(held, asked, name)])
  if (verdict.answer === 'no') return failedCheck([notAMember(asked, name)])
  const system = verdict.system ?? asked.system ?? ''
  const unheld =
    verdict.spelled || held.systems.some(({ url }) => url === system) ? [] : [notVerified(asked, system)]
  return checkFoundCode(memberCode(asked, verdict, system), asked, manner, unheld)
}

/** Returns the failed check of a coding without a code system. */
export const checkNameless = (asked: AskedCoding): CodeCheck =>
  failedCheck([
    error(
      'code-invalid',
      `The coding ${quotedCoding(asked)} has no \`system\`, without which it means nothing.`,
    ),
  ])

/** Returns the check of a code against its code system. */
export const checkInSystem = (
  system: CodeSystemGraph,
  asked: AskedCoding,
  manner: CheckOptions,
): CodeCheck => {
  if (asked.version !== undefined && system.version !== undefined && asked.version !== system.version)
    return failedCheck([otherVersion(asked, system)])
  const node = nodeOf(system, asked.code)
  const name = `the code system \`${system.url}\``
  if (!node) return failedCheck([system.complete ? notAMember(asked, name) : notInPart(asked, system)])
  const display = node.display === undefined ? {} : { display: node.display }
  return checkFoundCode({ system: system.url, code: node.code, node, ...display }, asked, manner, [])
}

/** Returns the check of a code by the grammar of its code system. */
export const checkSpelling = (url: string, asked: AskedCoding, answer: Membership): CodeCheck => {
  if (answer === 'yes') return { result: true, issues: [] }
  const name = `the code system \`${url}\``
  return failedCheck([answer === 'no' ? notAMember(asked, name) : notKnown(asked, name)])
}

const notKnown = (asked: AskedCoding, name: string): Issue =>
  error('not-found', `Whether ${quotedCoding(asked)} is in ${name} cannot be told without the code system.`)

const failedCheck = (issues: readonly Issue[]): CodeCheck => ({
  result: false,
  message: issues.map(({ diagnostics }) => diagnostics).join(' '),
  issues,
})

const quotedCoding = ({ system, code }: AskedCoding): string =>
  `\`${system === undefined ? code : `${system}|${code}`}\``

const notAMember = (asked: AskedCoding, name: string): Issue =>
  error('code-invalid', `${quotedCoding(asked)} is not in ${name}.`)

const cannotTell = (
  { missing: all, systems }: LoadedTerminology,
  asked: AskedCoding,
  name: string,
): Issue => {
  const other = systems.find(({ url, version }) => url === asked.system && version !== asked.version)
  if (asked.version !== undefined && other) return otherVersion(asked, other)
  const own = all.filter((each) => asked.system !== undefined && each.includes(asked.system))
  const missing = own.length > 0 ? own : all
  return error(
    'not-found',
    `Whether ${quotedCoding(asked)} is in ${name} cannot be told: ${
      missing.length > 0
        ? `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not held`
        : 'only a part of its code system is held'
    }.`,
  )
}

const otherVersion = (asked: AskedCoding, { url, version = 'none' }: CodeSystemGraph): Issue =>
  error(
    'not-found',
    `${quotedCoding(asked)} is of version \`${asked.version}\`; the code system \`${url}\` is held in version \`${version}\`.`,
  )

const notInPart = (asked: AskedCoding, { url }: CodeSystemGraph): Issue =>
  error('not-found', `${quotedCoding(asked)} is not in the part of the code system \`${url}\` that is held.`)

const notVerified = (asked: AskedCoding, system: string): Issue => ({
  ...warning(
    'not-found',
    `The value set lists ${quotedCoding(asked)} itself; the code system \`${system}\` is not held, so the code was not looked up there.`,
  ),
  severity: 'information',
})

const memberCode = (
  asked: AskedCoding,
  { node, display, version, listed }: CodeVerdict,
  system: string,
): ExpandedCode => ({
  system,
  code: node?.code ?? asked.code,
  ...(version !== undefined && { version }),
  ...(display !== undefined && { display }),
  ...(node && { node }),
  ...(listed && { listed }),
})

/**
 * Checks a member: whether abstract codes are allowed, and whether the given display is a name of the code.
 */
const checkFoundCode = (
  code: ExpandedCode,
  asked: AskedCoding,
  manner: CheckOptions,
  issues: readonly Issue[],
): CodeCheck => {
  const display = displayIn(code, manner.displayLanguage)
  const shown = display === undefined ? {} : { display }
  if (manner.abstract === false && code.node && isAbstract(code.node))
    return {
      ...failedCheck([error('code-invalid', `${quotedCoding(asked)} only groups other codes.`)]),
      ...shown,
    }
  const names = namesOfCode(code)
  if (asked.display === undefined || names.some((name) => isSameName(name, asked.display ?? '')))
    return { result: true, ...shown, issues }
  if (names.length === 0)
    return { result: true, issues: [...issues, noName(asked)], message: noName(asked).diagnostics }
  return { ...failedCheck([wrongName(asked, names)]), ...shown }
}

const namesOfCode = ({ display, node, listed }: ExpandedCode): readonly string[] => [
  ...[display, node?.display].filter((name) => name !== undefined),
  ...[...(listed?.designation ?? []), ...(node?.designations ?? [])].map(({ value }) => value),
]

const foldName = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase()
const isSameName = (a: string, b: string): boolean => foldName(a) === foldName(b)

const noName = (asked: AskedCoding): Issue =>
  warning('not-found', `No name of ${quotedCoding(asked)} is held, so \`${asked.display}\` was not compared.`)

const wrongName = (asked: AskedCoding, [name]: readonly string[]): Issue =>
  error(
    'code-invalid',
    `\`${asked.display}\` is no name of ${quotedCoding(asked)}; it is called \`${name}\`.`,
  )
