import type { Bundle, FhirResource } from 'fhir/r4.js'
import type { SearchParams } from 'fhir-kit-client'
import type { Range } from '../clinical/range.ts'
import { glance, measurementText, type Reading, type Trend } from '../clinical/trend.ts'
import { type Command, UsageError } from './options.ts'
import { searchAll } from './pages.ts'
import { openSession, type Session } from './session.ts'
import { timeText, trendLine } from './table.ts'

/** A patient's records, to be asked for. */
export interface Chart {
  birthDate: string | undefined
  /** The server's own base URL. */
  base: string
  list<Type extends FhirResource>(
    type: Type['resourceType'],
    criteria?: SearchParams,
    adorn?: (found: Type[], page: Bundle) => Type[],
  ): Promise<Type[]>
}

const patientId = ({ name, words }: Command): string => {
  const [word, ...more] = words
  const id = word?.replace(/^Patient\//, '')
  if (id && more.length === 0 && /^[A-Za-z0-9.-]{1,64}$/.test(id)) return id
  throw new UsageError(
    `Name one patient by id: \`pilotlight ${name} PATIENT\`. \`pilotlight patients --name …\` finds ids.`,
  )
}

/** Opens the chart of the patient that the command names; fails where there is no such patient. */
export const openChart = async (command: Command): Promise<Chart> => {
  const id = patientId(command)
  const session: Session = await openSession(command, 'clinician')
  const { birthDate } = (await session.ask((client) =>
    client.read({ resourceType: 'Patient', id }),
  )) as unknown as { birthDate?: string }
  return {
    birthDate,
    base: command.base,
    list: (type, criteria = {}, adorn) =>
      searchAll(
        session,
        type,
        { patient: id, ...criteria, _count: Math.min(command.count, 100) },
        command.count,
        adorn,
      ),
  }
}

const column = ({ measurements }: Trend, part: string): Reading[] =>
  measurements.flatMap(({ readings }) => readings.filter((each) => each.part === part))

const extreme = (readings: readonly Reading[], sign: 1 | -1): string =>
  readings.length === 0 ? '–' : glance(readings.reduce((a, b) => (sign * a.value <= sign * b.value ? a : b)))

/** Returns the columns that tell how a measure went, numbers of more than four digits rounded: latest, when, flag, lowest, highest, how many, and a line. */
export const courseOf = (trend: Trend): string[] => {
  const latest = trend.measurements.at(-1)
  const parts = trend.parts.map((part) => column(trend, part))
  const columns = parts.some(({ length }) => length > 0) ? parts : []
  return [
    latest ? measurementText(latest) : '',
    timeText(latest?.when ?? ''),
    latest?.flag?.word ?? '',
    columns.map((readings) => extreme(readings, 1)).join(' / '),
    columns.map((readings) => extreme(readings, -1)).join(' / '),
    String(trend.measurements.length),
    columns.map((readings) => trendLine(readings.map(({ value }) => value)) || '–').join(' / '),
  ]
}

/** The headings of `courseOf`. */
export const courseHeading = ['LATEST', 'AT', 'FLAG', 'LOWEST', 'HIGHEST', 'READINGS', 'OLDEST TO NEWEST']

const json = JSON as unknown as { rawJSON(text: string): unknown }

const plain = /^-?\d[\d.eE+-]*$/

/** The ends of a range as far as its text has their very digits; the text has them in any case. */
const rangeAsWritten = ({ low, high, ...rest }: Range): Range => ({
  ...rest,
  ...(low !== undefined && rest.text.includes(String(low)) && { low }),
  ...(high !== undefined && rest.text.includes(String(high)) && { high }),
})

/** A reading's number is one of this program's; its digits are the data's. */
const asWritten = (_key: string, member: unknown): unknown => {
  const { digits, value, range } = (member ?? {}) as Partial<Reading>
  if (digits === undefined || value === undefined) return member
  const number = digits.replace(/^[<>]=?/, '')
  return {
    ...(member as Reading),
    value: plain.test(number) ? json.rawJSON(number) : value,
    ...(range && { range: rangeAsWritten(range) }),
  }
}

/** Returns trends or panels as JSON, every number with the digits that were sent. */
export const printed = (trends: readonly unknown[]): string => JSON.stringify(trends, asWritten, 2)
