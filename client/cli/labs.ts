import type { DiagnosticReport, Observation } from 'fhir/r4.js'
import { labPanels } from '../clinical/labs.ts'
import { courseHeading, courseOf, openChart, printed } from './chart.ts'
import type { Command } from './options.ts'
import { table } from './table.ts'

/** Shows a patient's laboratory results by panel, the one with the newest result first. */
export const labs = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const [observations, reports] = await Promise.all([
    chart.list<Observation>('Observation', { category: 'laboratory', _sort: '-date' }),
    chart.list<DiagnosticReport>('DiagnosticReport', { _sort: '-date' }),
  ])
  const panels = labPanels(observations, reports, chart.base)
  if (command.json) return printed(panels)
  const rows = panels.flatMap(({ title, trends }) =>
    trends.map((trend) => [title, trend.title, ...courseOf(trend)]),
  )
  return rows.length === 0
    ? 'No laboratory results found.'
    : table([['PANEL', 'TEST', ...courseHeading], ...rows])
}
