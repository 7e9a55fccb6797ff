import type { Observation } from 'fhir/r4.js'
import { vitalTrends, wordTrends } from '../clinical/vitals.ts'
import { courseHeading, courseOf, openChart, printed } from './chart.ts'
import type { Command } from './options.ts'
import { table } from './table.ts'

/** Shows a patient's vital signs over time: the latest of each, its range, and how it went. */
export const vitals = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const criteria = { category: 'vital-signs', _sort: '-date' }
  const observations = await chart.list<Observation>('Observation', criteria)
  const trends = [...vitalTrends(observations, chart.birthDate), ...wordTrends(observations)]
  if (command.json) return printed(trends)
  if (trends.length === 0) return 'No vital signs found.'
  return table([
    ['VITAL SIGN', ...courseHeading],
    ...trends.map((trend) => [trend.title, ...courseOf(trend)]),
  ])
}
