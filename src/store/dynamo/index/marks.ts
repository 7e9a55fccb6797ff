import { topLevelMembers } from '../../../fhir/json/splice.ts'
import { dayKey, dayOfInstant, hashOf, type Key, labelKey, labelsPartition } from '../../keys.ts'
import type { Label, LabelKind } from '../../port.ts'
import type { BatchRequest } from '../batch.ts'
import { betweenParams } from '../read/query-params.ts'
import { query, type Session } from '../session.ts'

/** What is noted for good when something is written: that a day has history, and which labels resources of a type have. */
type Mark = Key & { label?: Label }

const kinds: readonly LabelKind[] = ['profile', 'security', 'tag']

const nameOf = ({ kind, value }: Label): string =>
  typeof value === 'string' ? `${kind}|${value}` : `${kind}|${value.system ?? ''}|${value.code ?? ''}`

const labelOf = (kind: LabelKind, item: unknown): Label[] => {
  if (typeof item === 'string') return [{ kind, value: item }]
  if (typeof item !== 'object' || item === null) return []
  const { system, code, display } = item as Readonly<Record<string, string | undefined>>
  const value = { ...(system && { system }), ...(code && { code }), ...(display && { display }) }
  return code ? [{ kind, value }] : []
}

/** Returns the labels that a resource's text has in its `meta`. */
export const labelsIn = (text: string): Label[] => {
  const member = text === '' ? undefined : topLevelMembers(text).findLast(({ name }) => name === 'meta')
  if (!member) return []
  const meta = JSON.parse(text.slice(member.valueStart, member.valueEnd)) as Record<string, unknown>
  return kinds.flatMap((kind) => [meta[kind] ?? []].flat().flatMap((item) => labelOf(kind, item)))
}

/** A version as far as it leaves marks. */
interface Marking {
  type: string
  t: string
  text?: string | undefined
}

/** Returns what the versions leave behind, each once. */
export const marksOf = (tenant: string, versions: readonly Marking[]): Mark[] => {
  const days = versions.map(({ t }): Mark => dayKey(tenant, dayOfInstant(t)))
  const labels = versions.flatMap(({ type, text = '' }) =>
    labelsIn(text).map((label): Mark => ({ ...labelKey(tenant, type, hashOf(nameOf(label))), label })),
  )
  return [...new Map([...days, ...labels].map((mark) => [`${mark.pk}|${mark.sk}`, mark])).values()]
}

/** Returns the puts of marks. */
export const putMarks = ({ tables }: Session, marks: readonly Mark[]): BatchRequest[] =>
  marks.map((mark) => ({ table: tables.system, put: { ...mark } }))

const mostRemembered = 20_000

/** Returns the marks that this process has not yet seen written. */
export const unknownMarks = ({ memory }: Session, marks: readonly Mark[]): Mark[] =>
  marks.filter(({ pk, sk }) => !memory.marks.has(`${pk}|${sk}`))

/** Notes for the whole process that the marks are written. */
export const rememberMarks = ({ memory }: Session, marks: readonly Mark[]): void => {
  if (memory.marks.size >= mostRemembered) memory.marks.clear()
  for (const { pk, sk } of marks) memory.marks.add(`${pk}|${sk}`)
}

const pageSize = 1000

/** Returns the labels that resources of a type, or of any, have had, with the type; they may be in use no more. */
export const labels = async (session: Session, type?: string): Promise<{ type: string; label: Label }[]> => {
  const found: { type: string; label: Label }[] = []
  // In ASCII, `}` follows `|`.
  const bounds = type === undefined ? {} : { from: `${type}|`, to: `${type}}` }
  let after: string | undefined
  do {
    const range = { ...bounds, reverse: false, limit: pageSize, ...(after && { after }) }
    const params = betweenParams(session.tables.system, labelsPartition(session.tenant), range)
    const { Items = [], LastEvaluatedKey } = await query(session, params)
    found.push(
      ...(Items as Required<Mark>[]).map(({ sk, label }) => ({ type: sk.split('|')[0] ?? '', label })),
    )
    after = LastEvaluatedKey?.sk
  } while (after !== undefined)
  return found
}
