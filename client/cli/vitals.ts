import type { Observation } from 'fhir/r4.js'
import { type Command, UsageError } from './options.ts'
import { searchAll } from './pages.ts'
import { numberText, type Series, seriesOf, timeText } from './series.ts'
import { openSession } from './session.ts'
import { table, trendLine } from './table.ts'

/** Shows a patient's vital signs over time: the latest of each, its range, and how it went. */
export const vitals = async (command: Command): Promise<string> => {
  const patient = patientId(command.words)
  const session = await openSession(command, 'clinician')
  await session.ask((client) => client.read({ resourceType: 'Patient', id: patient }))
  const criteria = { patient, category: 'vital-signs', _sort: '-date', _count: Math.min(command.count, 100) }
  const observations = await searchAll<Observation>(session, 'Observation', criteria, command.count)
  const series = seriesOf(observations)
  if (command.json) return JSON.stringify(series, null, 2)
  return series.length === 0 ? 'No vital signs found.' : table([heading, ...series.map(row)])
}

const heading = ['VITAL SIGN', 'LATEST', 'AT', 'LOWEST', 'HIGHEST', 'READINGS', 'TREND (OLDEST TO NEWEST)']

const row = ({ label, readings }: Series): string[] => {
  const latest = readings.at(-1)
  const columns = (latest?.values ?? []).map((_, column) =>
    readings.map((reading) => reading.values[column] ?? 0),
  )
  return [
    label,
    latest?.text ?? '',
    timeText(latest?.when ?? ''),
    columns.map((values) => numberText(Math.min(...values))).join('/'),
    columns.map((values) => numberText(Math.max(...values))).join('/'),
    String(readings.length),
    columns.map((values) => trendLine(values)).join(' / '),
  ]
}

const patientId = (words: readonly string[]): string => {
  const [word, ...more] = words
  const id = word?.replace(/^Patient\//, '')
  if (id && more.length === 0 && /^[A-Za-z0-9.-]{1,64}$/.test(id)) return id
  throw new UsageError(
    'Name one patient by id: `pilotlight vitals PATIENT`. `pilotlight patients --name …` finds ids.',
  )
}
