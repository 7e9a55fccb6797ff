/** What is to be told of a code that was asked for, with its name, in a value set or a code system. */

import { error, type Issue, warning } from '../outcome/failure.ts'
import { displayIn } from './answer.ts'
import type { Code } from './expand.ts'
import type { Held } from './held.ts'
import { type Answer, type Asked, judgeOf, type Verdict } from './judge.ts'
import type { ValueSet } from './resources.ts'
import { isAbstract, nodeOf, type System } from './system.ts'

/** The answer to `$validate-code`. */
export interface Checked {
  result: boolean
  message?: string
  display?: string
  issues: readonly Issue[]
}

export interface Manner {
  /** `false` where codes that only group others will not do. */
  abstract?: boolean
  displayLanguage?: string
}

/** Returns what is to be told of a code in a value set. What cannot be told is never true. */
export const checkInSet = (held: Held, valueSet: ValueSet, asked: Asked, manner: Manner): Checked => {
  const verdict = judgeOf(held, valueSet)(asked)
  const name = `the value set \`${valueSet.url ?? valueSet.id ?? valueSet.name ?? 'given'}\``
  if (verdict.answer === 'unknown') return failed([cannotTell(held, asked, name)])
  if (verdict.answer === 'no') return failed([notIn(asked, name)])
  const system = verdict.system ?? asked.system ?? ''
  const unheld =
    verdict.spelled || held.systems.some(({ url }) => url === system) ? [] : [notVerified(asked, system)]
  return named(codeOf(asked, verdict, system), asked, manner, unheld)
}

/** Returns what is to be told of a coding that names no code system. */
export const checkNameless = (asked: Asked): Checked =>
  failed([
    error('code-invalid', `The coding ${spelled(asked)} has no \`system\`, without which it means nothing.`),
  ])

/** Returns what is to be told of a code in its code system. */
export const checkInSystem = (system: System, asked: Asked, manner: Manner): Checked => {
  if (asked.version !== undefined && system.version !== undefined && asked.version !== system.version)
    return failed([otherVersion(asked, system)])
  const node = nodeOf(system, asked.code)
  const name = `the code system \`${system.url}\``
  if (!node) return failed([system.complete ? notIn(asked, name) : notInPart(asked, system)])
  const display = node.display === undefined ? {} : { display: node.display }
  return named({ system: system.url, code: node.code, node, ...display }, asked, manner, [])
}

/** Returns what the grammar of a code system says of a code. */
export const checkSpelling = (url: string, asked: Asked, answer: Answer): Checked => {
  if (answer === 'yes') return { result: true, issues: [] }
  const name = `the code system \`${url}\``
  return failed([answer === 'no' ? notIn(asked, name) : notKnown(asked, name)])
}

const notKnown = (asked: Asked, name: string): Issue =>
  error('not-found', `Whether ${spelled(asked)} is in ${name} cannot be told without the code system.`)

const failed = (issues: readonly Issue[]): Checked => ({
  result: false,
  message: issues.map(({ diagnostics }) => diagnostics).join(' '),
  issues,
})

const spelled = ({ system, code }: Asked): string =>
  `\`${system === undefined ? code : `${system}|${code}`}\``

const notIn = (asked: Asked, name: string): Issue =>
  error('code-invalid', `${spelled(asked)} is not in ${name}.`)

const cannotTell = ({ missing: all, systems }: Held, asked: Asked, name: string): Issue => {
  const other = systems.find(({ url, version }) => url === asked.system && version !== asked.version)
  if (asked.version !== undefined && other) return otherVersion(asked, other)
  const own = all.filter((each) => asked.system !== undefined && each.includes(asked.system))
  const missing = own.length > 0 ? own : all
  return error(
    'not-found',
    `Whether ${spelled(asked)} is in ${name} cannot be told: ${
      missing.length > 0
        ? `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not held`
        : 'only a part of its code system is held'
    }.`,
  )
}

const otherVersion = (asked: Asked, { url, version = 'none' }: System): Issue =>
  error(
    'not-found',
    `${spelled(asked)} is of version \`${asked.version}\`; the code system \`${url}\` is held in version \`${version}\`.`,
  )

const notInPart = (asked: Asked, { url }: System): Issue =>
  error('not-found', `${spelled(asked)} is not in the part of the code system \`${url}\` that is held.`)

const notVerified = (asked: Asked, system: string): Issue => ({
  ...warning(
    'not-found',
    `The value set lists ${spelled(asked)} itself; the code system \`${system}\` is not held, so the code was not looked up there.`,
  ),
  severity: 'information',
})

const codeOf = (asked: Asked, { node, display, version, listed }: Verdict, system: string): Code => ({
  system,
  code: node?.code ?? asked.code,
  ...(version !== undefined && { version }),
  ...(display !== undefined && { display }),
  ...(node && { node }),
  ...(listed && { listed }),
})

/** The code is there; what remains is whether it may be used as it is, and whether it has that name. */
const named = (code: Code, asked: Asked, manner: Manner, issues: readonly Issue[]): Checked => {
  const display = displayIn(code, manner.displayLanguage)
  const shown = display === undefined ? {} : { display }
  if (manner.abstract === false && code.node && isAbstract(code.node))
    return { ...failed([error('code-invalid', `${spelled(asked)} only groups other codes.`)]), ...shown }
  const names = namesOf(code)
  if (asked.display === undefined || names.some((name) => isSame(name, asked.display ?? '')))
    return { result: true, ...shown, issues }
  if (names.length === 0)
    return { result: true, issues: [...issues, noName(asked)], message: noName(asked).diagnostics }
  return { ...failed([wrongName(asked, names)]), ...shown }
}

const namesOf = ({ display, node, listed }: Code): readonly string[] => [
  ...[display, node?.display].filter((name) => name !== undefined),
  ...[...(listed?.designation ?? []), ...(node?.designations ?? [])].map(({ value }) => value),
]

const folded = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase()
const isSame = (a: string, b: string): boolean => folded(a) === folded(b)

const noName = (asked: Asked): Issue =>
  warning('not-found', `No name of ${spelled(asked)} is held, so \`${asked.display}\` was not compared.`)

const wrongName = (asked: Asked, [name]: readonly string[]): Issue =>
  error('code-invalid', `\`${asked.display}\` is no name of ${spelled(asked)}; it is called \`${name}\`.`)
