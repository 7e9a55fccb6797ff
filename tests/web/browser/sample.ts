import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js'
import { observed, pressure, report } from '../data.ts'

const vitalSigns = [
  {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
  },
]
const laboratory = [
  { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
]

const put = (resource: FhirResource): BundleEntry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

const transaction = (resources: readonly FhirResource[]): Bundle => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: resources.map(put),
})

const person = (id: string, family: string, given: string): FhirResource => ({
  resourceType: 'Patient',
  id,
  name: [{ use: 'official', family, given: [given] }],
  gender: 'female',
  birthDate: '1957-03-02',
  telecom: [{ system: 'phone', value: '555-0100' }],
  identifier: [
    {
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
      value: `10042-${id}`,
    },
  ],
})

const of = (id: string) => ({ subject: { reference: `Patient/${id}` } })
const day = (index: number): string => new Date(Date.UTC(2024, 0, 1 + index * 30, 9)).toISOString()

const course = (id: string, systolic: number): FhirResource[] =>
  Array.from({ length: 12 }, (_, index) => {
    const more = { ...of(id), category: vitalSigns, effectiveDateTime: day(index) }
    return [
      pressure(index % 2 ? '85354-9' : '55284-4', systolic + index, 80, { ...more, id: `${id}-bp-${index}` }),
      observed('8867-4', 60 + index * 5, '/min', { ...more, id: `${id}-hr-${index}` }),
      observed('29463-7', 70.25 + index, 'kg', { ...more, id: `${id}-kg-${index}` }),
    ]
  }).flat()

const labs = (id: string): FhirResource[] => {
  const more = { ...of(id), category: laboratory, effectiveDateTime: day(3) }
  return [
    observed('2339-0', 130, 'mg/dL', {
      ...more,
      id: `${id}-glucose`,
      code: { coding: [{ system: 'http://loinc.org', code: '2339-0' }], text: 'Glucose' },
      referenceRange: [{ low: { value: 70 }, high: { value: 99 } }],
    }),
    {
      ...report('51990-0', 'Basic Metabolic Panel', [`${id}-glucose`]),
      ...of(id),
      id: `${id}-panel`,
      effectiveDateTime: day(3),
    },
  ]
}

const shots = (id: string): FhirResource[] =>
  [0, 6, 11].map((index) => ({
    resourceType: 'Immunization',
    id: `${id}-shot-${index}`,
    status: index === 6 ? 'not-done' : 'completed',
    vaccineCode: {
      coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '140' }],
      text: 'Influenza, seasonal',
    },
    patient: { reference: `Patient/${id}` },
    occurrenceDateTime: day(index),
  }))

const rest = (id: string): FhirResource[] => [
  {
    resourceType: 'AllergyIntolerance',
    id: `${id}-allergy`,
    criticality: 'high',
    code: { text: 'Penicillin' },
    patient: { reference: `Patient/${id}` },
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' },
      ],
    },
  },
  {
    resourceType: 'Condition',
    id: `${id}-problem`,
    code: { text: 'Essential hypertension' },
    ...of(id),
    onsetDateTime: '2015-05',
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
  },
]

/** Two patients who differ in every number, one of whom has a course of everything. */
export const ann = transaction([
  person('ann', 'Archer', 'Ann'),
  ...course('ann', 118),
  ...labs('ann'),
  ...shots('ann'),
  ...rest('ann'),
])
export const bea = transaction([person('bea', 'Baker', 'Bea'), ...course('bea', 171)])
export const nobody = transaction([person('none', 'Nothing', 'Nell')])

/** Returns 5,000 heart rates of one patient, in bundles of 1,000. */
export const monitor = (): Bundle[] => {
  const rate = (index: number): FhirResource =>
    observed('8867-4', Math.round(80 + 20 * Math.sin(index / 40)), '/min', {
      ...of('long'),
      id: `long-hr-${index}`,
      category: vitalSigns,
      effectiveDateTime: new Date(Date.UTC(2025, 0, 1, index)).toISOString(),
    })
  const rates = Array.from({ length: 5000 }, (_, index) => rate(index))
  const long = person(
    'long',
    'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh',
    'Theophrastus Maximilian',
  )
  const parts = [0, 1, 2, 3, 4].map((part) => transaction(rates.slice(part * 1000, part * 1000 + 1000)))
  return [transaction([long]), ...parts]
}
