import type { CodeableConcept, Coding } from 'fhir/r4.js'

export const systems = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  icd10: 'http://hl7.org/fhir/sid/icd-10-cm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  npi: 'http://hl7.org/fhir/sid/us-npi',
  ucum: 'http://unitsofmeasure.org',
  mrn: 'https://pilotlight.example/mrn',
  member: 'https://pilotlight.example/member',
  clinic: 'https://pilotlight.example/clinic',
} as const

const hl7Terminology = 'http://terminology.hl7.org/CodeSystem/'

/** Returns a Coding. */
export const coding = (system: string, code: string, display: string): Coding => ({ system, code, display })

/** Returns a CodeableConcept whose text is the first coding's display. */
export const concept = (...codings: readonly [Coding, ...Coding[]]): CodeableConcept => ({
  coding: [...codings],
  text: codings[0].display ?? '',
})

/** Returns a CodeableConcept of an HL7 code system, named by the last part of its address. */
export const hl7 = (name: string, code: string, display: string): CodeableConcept => ({
  coding: [coding(hl7Terminology + name, code, display)],
})

/** Returns a Coding of an HL7 code system. */
export const hl7Coding = (name: string, code: string, display: string): Coding =>
  coding(hl7Terminology + name, code, display)

export const snomed = (code: string, display: string): Coding => coding(systems.snomed, code, display)
export const loinc = (code: string, display: string): Coding => coding(systems.loinc, code, display)
export const rxnorm = (code: string, display: string): Coding => coding(systems.rxnorm, code, display)
export const icd10 = (code: string, display: string): Coding => coding(systems.icd10, code, display)

/** The code, name, unit and digits of a vital sign. */
export interface VitalMeasure {
  code: Coding
  alias?: Coding
  text: string
  unit: string
  ucum: string
  digits: number
}

const measure = (
  [code, display]: readonly [string, string],
  text: string,
  [unit, ucum]: readonly [string, string],
  digits: number,
): VitalMeasure => ({ code: loinc(code, display), text, unit, ucum, digits })

const perMinute = ['/min', '/min'] as const
const pressureMeasure = ['mmHg', 'mm[Hg]'] as const

/** https://hl7.org/fhir/R4/observation-vitalsigns.html */
export const vitals = {
  pulse: measure(['8867-4', 'Heart rate'], 'Heart rate', perMinute, 0),
  breaths: measure(['9279-1', 'Respiratory rate'], 'Respiratory rate', perMinute, 0),
  temperature: measure(['8310-5', 'Body temperature'], 'Body temperature', ['°C', 'Cel'], 1),
  oxygen: {
    ...measure(['2708-6', 'Oxygen saturation in Arterial blood'], 'Oxygen saturation', ['%', '%'], 0),
    alias: loinc('59408-5', 'Oxygen saturation in Arterial blood by Pulse oximetry'),
  },
  height: measure(['8302-2', 'Body height'], 'Body height', ['cm', 'cm'], 1),
  weight: measure(['29463-7', 'Body weight'], 'Body weight', ['kg', 'kg'], 1),
  bmi: measure(['39156-5', 'Body mass index (BMI) [Ratio]'], 'Body mass index', ['kg/m2', 'kg/m2'], 1),
  head: measure(['9843-4', 'Head Occipital-frontal circumference'], 'Head circumference', ['cm', 'cm'], 1),
} satisfies Record<string, VitalMeasure>

export const systolic = measure(['8480-6', 'Systolic blood pressure'], 'Systolic', pressureMeasure, 0)
export const diastolic = measure(['8462-4', 'Diastolic blood pressure'], 'Diastolic', pressureMeasure, 0)
export const bloodPressure = loinc('85354-9', 'Blood pressure panel with all children optional')

export type VitalName = keyof typeof vitals
