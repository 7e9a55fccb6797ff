import type { Bundle, BundleEntry, OperationOutcomeIssue } from 'fhir/r4.js'
import { issuesOf, issueText } from '../fhir/failure.ts'

/** One thing a server refused: which entry, what it is, and why. */
export interface Refusal {
  /** The entry's place in the bundle, counted from 0; absent when the bundle as a whole was refused. */
  entry?: number
  what: string
  severity: string
  why: string
  where?: string
}

/** What became of a bundle. */
export interface Outcome {
  stored: number
  byType: readonly (readonly [type: string, count: number])[]
  patients: readonly string[]
  refusals: readonly Refusal[]
}

/** Returns what an entry is, for a reader: `Observation “Body Weight”`. */
export const entryText = (entry: BundleEntry | undefined): string => {
  const resource = entry?.resource as Record<string, unknown> | undefined
  const type = String(resource?.resourceType ?? entry?.request?.url ?? 'entry')
  const code = resource?.code as { text?: string; coding?: { display?: string }[] } | undefined
  const said = code?.text ?? code?.coding?.[0]?.display
  return said ? `${type} “${said}”` : type
}

const place = /Bundle\.entry\[(\d+)\]\.?(.*)/

const refusal = (issue: OperationOutcomeIssue, bundle: Bundle, entry?: number): Refusal => {
  const expression = issue.expression?.[0]
  const match = place.exec(expression ?? '') ?? place.exec(issueText(issue))
  const index = entry ?? (match ? Number(match[1]) : undefined)
  const where = expression?.replace(/^Bundle\.entry\[\d+\]\.(resource\.)?/, '')
  return {
    ...(index === undefined ? {} : { entry: index }),
    what: index === undefined ? 'The bundle' : entryText(bundle.entry?.[index]),
    severity: issue.severity,
    why: issueText(issue),
    ...(where ? { where } : {}),
  }
}

/** Turns an OperationOutcome about a bundle into refusals that name the entries they are about. */
export const refusalsOf = (issues: readonly OperationOutcomeIssue[], bundle: Bundle): Refusal[] =>
  issues.map((issue) => refusal(issue, bundle))

const failed = (entry: BundleEntry): boolean => !/^[23]/.test(entry.response?.status ?? '200')

const refusalsAt = (entry: BundleEntry, index: number, sent: Bundle): Refusal[] => {
  const issues = issuesOf(entry.response?.outcome ?? entry.resource)
  if (issues.length > 0) return issues.map((issue) => refusal(issue, sent, index))
  const status = entry.response?.status ?? ''
  return [
    { entry: index, what: entryText(sent.entry?.[index]), severity: 'error', why: `answered ${status}` },
  ]
}

const locationOf = (entry: BundleEntry): readonly string[] =>
  /([A-Z][A-Za-z]+)\/([^/]+)(?:\/_history\/.*)?$/.exec(entry.response?.location ?? '')?.slice(1, 3) ?? []

/** Turns a batch's or a transaction's answer into what was stored and what was refused. */
export const outcomeOf = (sent: Bundle, answer: Bundle): Outcome => {
  const entries = answer.entry ?? []
  const stored = entries.filter((entry) => !failed(entry) && /^20[01]/.test(entry.response?.status ?? ''))
  const types = Object.entries(Object.groupBy(stored, (entry) => locationOf(entry)[0] ?? 'other'))
  return {
    stored: stored.length,
    byType: types.map(([type, all]) => [type, all?.length ?? 0] as const).sort((a, b) => b[1] - a[1]),
    patients: stored.map(locationOf).flatMap(([type, id]) => (type === 'Patient' && id ? [id] : [])),
    refusals: entries.flatMap((entry, index) => (failed(entry) ? refusalsAt(entry, index, sent) : [])),
  }
}

/** Returns why a file cannot be sent at all; undefined when it can. */
export const unfit = (content: unknown): string | undefined => {
  const bundle = content as Partial<Bundle> | undefined
  if (bundle?.resourceType !== 'Bundle')
    return `This is ${bundle?.resourceType ? `a \`${bundle.resourceType}\`` : 'not a FHIR resource'}; a \`Bundle\` is expected.`
  if (bundle.type !== 'transaction' && bundle.type !== 'batch')
    return `This Bundle is of type \`${bundle.type ?? ''}\`; only \`transaction\` and \`batch\` can be posted.`
  return undefined
}
