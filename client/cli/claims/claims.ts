// docs/interactions.md#metadata
import type { CapabilityStatement, ImplementationGuide, Parameters } from 'fhir/r4.js'
import { type Command, type Done, UsageError } from '../options.ts'
import type { Package } from '../package.ts'
import { openSession, type Session } from '../session.ts'
import { table } from '../table.ts'
import { isForServers, requiredGuides, unmetOf } from './expectations.ts'

interface Claim {
  guide: string
  statement?: string
}

const resourcesOf = <T>({ resources }: Package, type: string): T[] =>
  resources.filter((each) => each.type === type).map(({ text }) => JSON.parse(text) as T)

const versioned = ({ url, version }: { url?: string | undefined; version?: string | undefined }): string =>
  version === undefined ? `${url}` : `${url}|${version}`

/** Returns the guide's statement for servers; fails if the package has none, or several of which none is named. */
const statementOf = (found: Package, named: string | undefined): CapabilityStatement => {
  const all = resourcesOf<CapabilityStatement>(found, 'CapabilityStatement').filter(isForServers)
  const some = named === undefined ? all : all.filter(({ url }) => url === named)
  const [first] = some
  if (first && some.length === 1) return first
  const names = all.map(({ url }) => `\`${url}\``).join(', ') || 'none'
  throw new UsageError(
    `${found.name} has these CapabilityStatements for servers: ${names}. Name one of them with \`--statement URL\`.`,
  )
}

const guideOf = (found: Package): ImplementationGuide => {
  const [guide, ...more] = resourcesOf<ImplementationGuide>(found, 'ImplementationGuide')
  if (guide && more.length === 0) return guide
  throw new UsageError(
    `${found.name} cannot be claimed: it has ${guide ? 'several' : 'no'} ImplementationGuide.`,
  )
}

const claimIn = (text: string): Claim[] =>
  ((JSON.parse(text) as Parameters).parameter ?? []).map(({ part = [] }) => {
    const value = (name: string) => part.find((each) => each.name === name)?.valueCanonical
    const statement = value('statement')
    return { guide: value('guide') ?? '', ...(statement !== undefined && { statement }) }
  })

const sendClaim = async (session: Session, claim: Claim, withdraw = false): Promise<Claim[]> => {
  const { guide, statement } = claim
  const parameter = [
    { name: 'guide', valueCanonical: guide },
    ...(statement === undefined ? [] : [{ name: 'statement', valueCanonical: statement }]),
    ...(withdraw ? [{ name: 'withdraw', valueBoolean: true }] : []),
  ]
  return claimIn(await session.text('$claim', JSON.stringify({ resourceType: 'Parameters', parameter })))
}

/** The result of a claim: the lines to print, and whether the claim was made. */
export interface Claimed {
  lines: readonly string[]
  made: boolean
}

/** Reports each SHALL of the guide's statement for servers that is not met; claims the guide if every one is met. */
export const claimGuide = async (session: Session, found: Package, named?: string): Promise<Claimed> => {
  const [guide, statement] = [guideOf(found), statementOf(found, named)]
  const served = JSON.parse(await session.text('metadata')) as CapabilityStatement
  const unmet = unmetOf(statement, served)
  if (unmet.length > 0)
    return {
      lines: [
        `${statement.url}: ${unmet.length === 1 ? '1 SHALL is' : `${unmet.length} SHALLs are`} not met here:`,
        ...unmet.map((each) => `  ${each}`),
        'The guide is not claimed.',
      ],
      made: false,
    }
  await sendClaim(session, { guide: versioned(guide), statement: `${statement.url}` })
  const others = requiredGuides(statement)
  return {
    lines: [
      `Every SHALL that a CapabilityStatement can show is met: ${versioned(guide)} is claimed.`,
      ...others.map((each) => `It requires ${each} too, which is to be claimed by itself.`),
    ],
    made: true,
  }
}

const shown = (claims: readonly Claim[]): string =>
  claims.length === 0
    ? 'No guide is claimed.'
    : table([['GUIDE', 'STATEMENT'], ...claims.map(({ guide, statement = '' }) => [guide, statement])])

/** Lists the claimed guides, or withdraws the claim of one. */
export const claims = async (command: Command): Promise<Done> => {
  const session = await openSession(command, 'admin')
  const present = claimIn(await session.text('$claim'))
  const { withdraw } = command
  if (withdraw !== undefined && !present.some(({ guide }) => guide.split('|')[0] === withdraw.split('|')[0]))
    throw new UsageError(`\`${withdraw}\` is not claimed. \`pilotlight claims\` lists the claims.`)
  const left = withdraw === undefined ? present : await sendClaim(session, { guide: withdraw }, true)
  return { text: command.json ? JSON.stringify(left, null, 2) : shown(left), failed: false }
}
