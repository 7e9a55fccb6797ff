import type { HumanName, Patient } from 'fhir/r4.js'
import type { Command } from './options.ts'
import { searchAll } from './pages.ts'
import { openSession } from './session.ts'
import { table } from './table.ts'

/** Lists patients, by name where one is given. */
export const patients = async (command: Command): Promise<string> => {
  const session = await openSession(command, 'clinician')
  const criteria = command.patientName === undefined ? {} : { name: command.patientName }
  const pageSize = Math.min(command.count, 100)
  const found = await searchAll<Patient>(session, 'Patient', { ...criteria, _count: pageSize }, command.count)
  if (command.json) return JSON.stringify(found, null, 2)
  if (found.length === 0) return 'No patients found.'
  return table([['ID', 'NAME', 'BORN', 'GENDER'], ...found.map(row)])
}

const row = (patient: Patient): string[] => [
  patient.id ?? '',
  nameText(patient.name ?? []),
  patient.birthDate ?? '',
  patient.gender ?? '',
]

/** Returns a name as people say it: the text where there is one, the official name before others. */
export const nameText = (names: readonly HumanName[]): string => {
  const name = names.find((candidate) => candidate.use === 'official') ?? names[0]
  if (!name) return ''
  return name.text ?? [...(name.prefix ?? []), ...(name.given ?? []), name.family ?? ''].join(' ').trim()
}
