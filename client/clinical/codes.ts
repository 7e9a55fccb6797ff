import type { CodeableConcept, Coding } from 'fhir/r4.js'

const terminology = 'http://terminology.hl7.org/CodeSystem'

/** The code systems whose codes the page knows, each under every name it goes by. */
export const systems = {
  loinc: ['http://loinc.org', 'urn:oid:2.16.840.1.113883.6.1'],
  cvx: ['http://hl7.org/fhir/sid/cvx', 'urn:oid:2.16.840.1.113883.12.292'],
  ucum: ['http://unitsofmeasure.org', 'urn:oid:2.16.840.1.113883.6.8'],
  interpretation: [
    `${terminology}/v3-ObservationInterpretation`,
    `${terminology}/v2-0078`,
    'http://hl7.org/fhir/v3/ObservationInterpretation',
    'http://hl7.org/fhir/v2/0078',
    'urn:oid:2.16.840.1.113883.5.83',
  ],
  rangeMeaning: [`${terminology}/referencerange-meaning`, 'http://hl7.org/fhir/referencerange-meaning'],
  conditionClinical: [`${terminology}/condition-clinical`],
  conditionVerification: [`${terminology}/condition-ver-status`],
  allergyClinical: [`${terminology}/allergyintolerance-clinical`],
  allergyVerification: [`${terminology}/allergyintolerance-verification`],
  identifierType: [`${terminology}/v2-0203`, 'http://hl7.org/fhir/v2/0203'],
  actCode: [`${terminology}/v3-ActCode`, 'http://hl7.org/fhir/v3/ActCode', 'urn:oid:2.16.840.1.113883.5.4'],
} as const satisfies Record<string, readonly string[]>

export type System = keyof typeof systems

const isOf = (system: System, coding: Coding): boolean =>
  (systems[system] as readonly (string | undefined)[]).includes(coding.system)

/** Returns a concept's codes of one code system; a code of another system, or of none, is not among them. */
export const codesOf = (system: System, concept: CodeableConcept | undefined): string[] =>
  (concept?.coding ?? []).flatMap((coding) =>
    coding.code !== undefined && isOf(system, coding) ? [coding.code] : [],
  )

/** Returns whether a concept is one of these codes of a code system, whichever of its codings says so. */
export const isCoded = (
  system: System,
  concept: CodeableConcept | undefined,
  codes: readonly string[],
): boolean => codesOf(system, concept).some((code) => codes.includes(code))

/** Returns the code of a coding that is of a code system. */
export const codeIn = (system: System, coding: Coding | undefined): string | undefined =>
  coding && isOf(system, coding) ? coding.code : undefined
