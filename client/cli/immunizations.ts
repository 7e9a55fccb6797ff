import type { Immunization } from 'fhir/r4.js'
import { vaccines } from '../clinical/immunizations.ts'
import { openChart } from './chart.ts'
import type { Command } from './options.ts'
import { table, timeText } from './table.ts'

/** Shows a patient's immunizations by vaccine, the one given last first. */
export const immunizations = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const found = vaccines(await chart.list<Immunization>('Immunization', { _sort: '-date' }))
  if (command.json) return JSON.stringify(found, null, 2)
  const rows = found.flatMap(({ title, doses }) =>
    doses.map(({ when, note }, index) => [index === 0 ? title : '', timeText(when), note]),
  )
  return rows.length === 0 ? 'No immunizations found.' : table([['VACCINE', 'AT', 'STATUS'], ...rows])
}
