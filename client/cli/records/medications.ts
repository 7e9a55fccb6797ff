import { withMedications } from '../../clinical/prescriptions.ts'
import {
  dosageText,
  isActiveMedication,
  medicationStatus,
  medicationText,
  type Prescription,
} from '../../clinical/records.ts'
import { openChart } from '../chart.ts'
import type { Command } from '../options.ts'
import { table, timeText } from '../table.ts'
import { activeFirst } from './order.ts'

const row = (request: Prescription): string[] => [
  medicationText(request),
  medicationStatus(request),
  timeText(request.authoredOn ?? ''),
  dosageText(request),
]

const asStored = ({ medication: _included, ...request }: Prescription) => request

/** Shows a patient's prescriptions, those in force first. */
export const medications = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const criteria = { _sort: '-authoredon', _include: 'MedicationRequest:medication' }
  const all = await chart.list<Prescription>('MedicationRequest', criteria, (found, page) =>
    withMedications(found, page, chart.base),
  )
  const found = activeFirst(all, isActiveMedication)
  if (command.json) return JSON.stringify(found.map(asStored), null, 2)
  return found.length === 0
    ? 'No medications found.'
    : table([['MEDICATION', 'STATUS', 'PRESCRIBED', 'DOSE'], ...found.map(row)])
}
