import type {
  Address,
  FhirResource,
  HumanName,
  Identifier,
  Organization,
  Patient,
  Practitioner,
  Reference,
} from 'fhir/r4.js'
import { ageAt, dateIn } from './calendar.ts'
import { dice } from './dice.ts'
import type { Person } from './person.ts'
import { coding, hl7, hl7Coding, systems } from './tables/codes.ts'
import { familyNames, femaleNames, maleNames, type Town, towns } from './tables/names.ts'

/** Patients per neighbourhood, and clinics per neighbourhood, so that no clinic belongs to everybody. */
const neighbourhood = 2000
const clinicsEach = 8

/** Returns the number of the clinic that a person goes to. */
export const clinicOf = ({ seed, index }: Person): number =>
  Math.floor(index / neighbourhood) * clinicsEach + dice(seed, index, 3).whole(0, clinicsEach - 1)

const letterNames = (text: string): string =>
  text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')

const phone = (town: Town, ...seeds: readonly number[]): string =>
  `+1-${town.phone}-555-${String(dice(...seeds).whole(100, 9999)).padStart(4, '0')}`

const drawAddress = (town: Town, street: string): Address => ({
  line: [street],
  city: town.city,
  state: town.state,
  postalCode: town.postalCode,
  country: 'US',
})

/** Returns a clinic; a second bundle finds it by its identifier alone. */
export const organization = (seed: number, clinic: number): Organization => {
  const d = dice(seed, clinic, 4)
  const town = d.pick(towns)
  return {
    resourceType: 'Organization',
    identifier: [{ system: systems.clinic, value: `${seed}-${clinic}` }],
    active: true,
    type: [hl7('organization-type', 'prov', 'Healthcare Provider')],
    name: `${town.city} ${d.pick(['Family Medicine', 'Community Clinic', 'Health Center', 'Medical Group'])}`,
    telecom: [{ system: 'phone', value: phone(town, seed, clinic, 5), use: 'work' }],
    address: [drawAddress(town, `${d.whole(1, 900)} Clinic Road`)],
  }
}

/** Returns a practitioner of a clinic; the numbers begin with 99, as no real number does. */
export const practitioner = (seed: number, clinic: number, n: number): Practitioner => {
  const d = dice(seed, clinic, 6, n)
  const gender = d.pick(['female', 'male'] as const)
  const given = d.pick(gender === 'female' ? femaleNames : maleNames)
  return {
    resourceType: 'Practitioner',
    identifier: [
      {
        system: systems.npi,
        value: `99${String((seed * 7919 + clinic * 4 + n) % 100_000_000).padStart(8, '0')}`,
      },
    ],
    active: true,
    name: [{ use: 'official', family: d.pick(familyNames), given: [given], prefix: ['Dr.'] }],
    gender,
  }
}

/** Returns the condition for the creation of a clinic or a practitioner: its identifier is unknown. */
export const unlessKnown = ({ identifier }: Organization | Practitioner): string =>
  `identifier=${identifier?.[0]?.system ?? ''}|${identifier?.[0]?.value ?? ''}`

const personNames = ({ given, family, gender, born, until, seed, index }: Person): HumanName[] => {
  const d = dice(seed, index, 7)
  const maiden = gender === 'female' && ageAt(born, until) > 25 && d.chance(0.3)
  const official: HumanName = { use: 'official', family, given: [...given] }
  return maiden ? [official, { use: 'maiden', family: d.pick(familyNames), given: [...given] }] : [official]
}

const recordNumber = ({ seed, index }: Person): string => `${seed}-${String(index).padStart(8, '0')}`

const personIdentifiers = (person: Person): Identifier[] => [
  {
    use: 'usual',
    type: { coding: [hl7Coding('v2-0203', 'MR', 'Medical record number')], text: 'Medical record number' },
    system: systems.mrn,
    value: `MRN-${recordNumber(person)}`,
  },
  {
    use: 'secondary',
    type: { coding: [hl7Coding('v2-0203', 'MB', 'Member Number')], text: 'Member number' },
    system: systems.member,
    value: `M${recordNumber(person).replace('-', '')}`,
  },
]

const telecomOf = (person: Person): NonNullable<Patient['telecom']> => {
  const { seed, index, town, given, family } = person
  const email = `${letterNames(given[0] ?? '')}.${letterNames(family)}.${seed}.${index}@example.org`
  return [
    { system: 'phone', value: phone(town, seed, index, 8), use: 'home' },
    { system: 'phone', value: phone(town, seed, index, 9), use: 'mobile' },
    { system: 'email', value: email, use: 'home' },
  ]
}

const maritalStatus = ({ seed, index, born, until }: Person): Pick<Patient, 'maritalStatus'> => {
  if (ageAt(born, until) < 18) return {}
  const married = dice(seed, index, 10).chance(0.55)
  return {
    maritalStatus: married
      ? hl7('v3-MaritalStatus', 'M', 'Married')
      : hl7('v3-MaritalStatus', 'S', 'Never Married'),
  }
}

/** Returns the Patient, labelled as test data. */
export const patient = (
  person: Person,
  generalPractitioner: Reference,
  managingOrganization: Reference,
): FhirResource => ({
  resourceType: 'Patient',
  meta: { security: [hl7Coding('v3-ActReason', 'HTEST', 'test health data')] },
  identifier: personIdentifiers(person),
  active: true,
  name: personNames(person),
  telecom: telecomOf(person),
  gender: person.gender,
  birthDate: dateIn(person.born, person.town.zone),
  address: [{ use: 'home', ...drawAddress(person.town, person.street) }],
  ...maritalStatus(person),
  communication: [
    {
      language: { coding: [coding('urn:ietf:bcp:47', 'en-US', 'English (United States)')] },
      preferred: true,
    },
  ],
  generalPractitioner: [generalPractitioner],
  managingOrganization,
})
