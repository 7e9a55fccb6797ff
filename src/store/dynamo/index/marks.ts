import { topLevelMembers } from '../../../fhir/json/splice.ts'
import { dayKey, dayOfInstant, hashOf, type Key, labelKey, labelsPartition, textOfKey } from '../../keys.ts'
import type { Label, LabelKind } from '../../port.ts'
import type { BatchRequest } from '../batch.ts'
import { betweenParams } from '../read/query-params.ts'
import { queryItems, type Session } from '../session.ts'

/** A row that a write adds for good: a day that has history, or a label that resources of a type have had. */
type WriteMark = Key & { label?: Label }

const labelKinds: readonly LabelKind[] = ['profile', 'security', 'tag']

const labelText = ({ kind, value }: Label): string =>
  typeof value === 'string' ? `${kind}|${value}` : `${kind}|${value.system ?? ''}|${value.code ?? ''}`

const labelOf = (kind: LabelKind, item: unknown): Label[] => {
  if (typeof item === 'string') return [{ kind, value: item }]
  if (typeof item !== 'object' || item === null) return []
  const { system, code, display } = item as Readonly<Record<string, string | undefined>>
  const value = { ...(system && { system }), ...(code && { code }), ...(display && { display }) }
  return code ? [{ kind, value }] : []
}

/** Returns the labels in the `meta` of a resource's text. */
export const labelsOfText = (text: string): Label[] => {
  const member = text === '' ? undefined : topLevelMembers(text).findLast(({ name }) => name === 'meta')
  if (!member) return []
  const meta = JSON.parse(text.slice(member.valueStart, member.valueEnd)) as Record<string, unknown>
  return labelKinds.flatMap((kind) => [meta[kind] ?? []].flat().flatMap((item) => labelOf(kind, item)))
}

/** The attributes of a version that its marks depend on. */
interface MarkedVersion {
  type: string
  t: string
  text?: string | undefined
}

/** Returns the marks of these versions without duplicates. */
export const marksOfVersions = (tenant: string, versions: readonly MarkedVersion[]): WriteMark[] => {
  const days = versions.map(({ t }): WriteMark => dayKey(tenant, dayOfInstant(t)))
  const labels = versions.flatMap(({ type, text = '' }) =>
    labelsOfText(text).map(
      (label): WriteMark => ({ ...labelKey(tenant, type, hashOf(labelText(label))), label }),
    ),
  )
  return [...new Map([...days, ...labels].map((mark) => [textOfKey(mark), mark])).values()]
}

/** Returns the puts of marks. */
export const putMarks = ({ tables }: Session, marks: readonly WriteMark[]): BatchRequest[] =>
  marks.map((mark) => ({ table: tables.system, put: { ...mark } }))

const mostKnownMarks = 20_000

/** Returns the marks that this process has not written yet. */
export const unknownMarks = ({ memory }: Session, marks: readonly WriteMark[]): WriteMark[] =>
  marks.filter((mark) => !memory.marks.has(textOfKey(mark)))

/** Notes for the whole process that the marks are written. */
export const rememberMarks = ({ memory }: Session, marks: readonly WriteMark[]): void => {
  if (memory.marks.size >= mostKnownMarks) memory.marks.clear()
  for (const mark of marks) memory.marks.add(textOfKey(mark))
}

const labelPageSize = 1000

/**
 * Returns the labels, with their types, that resources of a type or of any type have had; some may not be in use any
 * more.
 */
export const labels = async (session: Session, type?: string): Promise<{ type: string; label: Label }[]> => {
  const found: { type: string; label: Label }[] = []
  // In ASCII, `}` follows `|`.
  const bounds = type === undefined ? {} : { from: `${type}|`, to: `${type}}` }
  let after: string | undefined
  do {
    const range = { ...bounds, reverse: false, limit: labelPageSize, ...(after && { after }) }
    const params = betweenParams(session.tables.system, labelsPartition(session.tenant), range)
    const { Items = [], LastEvaluatedKey } = await queryItems(session, params)
    found.push(
      ...(Items as Required<WriteMark>[]).map(({ sk, label }) => ({ type: sk.split('|')[0] ?? '', label })),
    )
    after = LastEvaluatedKey?.sk
  } while (after !== undefined)
  return found
}
