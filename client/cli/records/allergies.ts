import type { AllergyIntolerance } from 'fhir/r4.js'
import { isActiveAllergy } from '../../clinical/records.ts'
import { conceptText } from '../../clinical/text.ts'
import { openChart } from '../chart.ts'
import type { Command } from '../options.ts'
import { table } from '../table.ts'
import { activeFirst } from './order.ts'

const statusOf = ({ clinicalStatus, verificationStatus }: AllergyIntolerance): string =>
  [conceptText(clinicalStatus) || 'status not recorded', conceptText(verificationStatus)]
    .filter((word) => word !== '' && word.toLowerCase() !== 'confirmed')
    .join(', ')

const reactionOf = ({ reaction = [] }: AllergyIntolerance): string =>
  reaction
    .map(({ manifestation, severity, description }) => {
      const signs = manifestation.map(conceptText).filter(Boolean).join(', ') || description || ''
      return severity ? `${signs} (${severity})`.trim() : signs
    })
    .filter(Boolean)
    .join('; ')

const row = (allergy: AllergyIntolerance): string[] => [
  conceptText(allergy.code) ||
    allergy.reaction?.map(({ substance }) => conceptText(substance)).find(Boolean) ||
    'Not coded',
  statusOf(allergy),
  [allergy.type, ...(allergy.category ?? [])].filter(Boolean).join(', '),
  allergy.criticality ?? '',
  reactionOf(allergy),
]

/** Shows a patient's allergies and intolerances, those of now first. */
export const allergies = async (command: Command): Promise<string> => {
  const chart = await openChart(command)
  const found = activeFirst(await chart.list<AllergyIntolerance>('AllergyIntolerance'), isActiveAllergy)
  if (command.json) return JSON.stringify(found, null, 2)
  return found.length === 0
    ? 'No allergies found: none are recorded, which does not say that there are none.'
    : table([['ALLERGY', 'STATUS', 'KIND', 'CRITICALITY', 'REACTION'], ...found.map(row)])
}
