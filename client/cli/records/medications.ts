import type { MedicationRequest } from 'fhir/r4.js'
import { dosageText, isActiveMedication, medicationStatus, medicationText } from '../../clinical/records.ts'
import { openChart } from '../chart.ts'
import type { Command } from '../options.ts'
import { table, timeText } from '../table.ts'
import { activeFirst } from './order.ts'

const row = (request: MedicationRequest): string[] => [
  medicationText(request),
  medicationStatus(request),
  timeText(request.authoredOn ?? ''),
  dosageText(request),
]

/** Shows a patient's prescriptions, those in force first. */
export const medications = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const all = await chart.list<MedicationRequest>('MedicationRequest', { _sort: '-authoredon' })
  const found = activeFirst(all, isActiveMedication)
  if (command.json) return JSON.stringify(found, null, 2)
  return found.length === 0
    ? 'No medications found.'
    : table([['MEDICATION', 'STATUS', 'PRESCRIBED', 'DOSE'], ...found.map(row)])
}
