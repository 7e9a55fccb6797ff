import type { Condition } from 'fhir/r4.js'
import { abatement, isActiveProblem, onset, problemStatus } from '../../clinical/records.ts'
import { conceptText } from '../../clinical/text.ts'
import { openChart } from '../chart.ts'
import type { Command } from '../options.ts'
import { table, timeText } from '../table.ts'
import { activeFirst } from './order.ts'

const row = (condition: Condition): string[] => [
  conceptText(condition.code) || 'Not coded',
  problemStatus(condition),
  timeText(onset(condition) ?? ''),
  timeText(abatement(condition) ?? ''),
]

/** Shows a patient's problems, those of now first. */
export const problems = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const found = activeFirst(await chart.list<Condition>('Condition'), isActiveProblem)
  if (command.json) return JSON.stringify(found, null, 2)
  return found.length === 0
    ? 'No problems found.'
    : table([['PROBLEM', 'STATUS', 'SINCE', 'UNTIL'], ...found.map(row)])
}
