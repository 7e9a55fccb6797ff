import type { Resource } from '../../fhir/definitions.ts'
import { extract } from '../../fhir/parameters.ts'
import { type Interval, intervalOf } from '../../fhir/values/dates.ts'

/**
 * The clinical date by which a type's resources are ordered in its lists: when the event happened, not when
 * it was stored. Each parameter here is an element that occurs at most once. A type without a row is ordered
 * by its last change.
 */
const clinicalDates: Readonly<Record<string, string>> = {
  Account: 'period',
  AdverseEvent: 'date',
  AllergyIntolerance: 'date',
  Appointment: 'date',
  AuditEvent: 'date',
  Basic: 'created',
  CarePlan: 'date',
  CareTeam: 'date',
  ChargeItem: 'occurrence',
  Claim: 'created',
  ClaimResponse: 'created',
  ClinicalImpression: 'date',
  Communication: 'sent',
  CommunicationRequest: 'authored',
  Composition: 'date',
  Condition: 'onset-date',
  Consent: 'date',
  Contract: 'issued',
  CoverageEligibilityRequest: 'created',
  CoverageEligibilityResponse: 'created',
  DetectedIssue: 'identified',
  DeviceRequest: 'authored-on',
  DiagnosticReport: 'date',
  DocumentManifest: 'created',
  DocumentReference: 'date',
  Encounter: 'date',
  EpisodeOfCare: 'date',
  ExplanationOfBenefit: 'created',
  FamilyMemberHistory: 'date',
  Flag: 'date',
  Goal: 'start-date',
  ImagingStudy: 'started',
  Immunization: 'date',
  ImmunizationEvaluation: 'date',
  ImmunizationRecommendation: 'date',
  Invoice: 'date',
  List: 'date',
  MeasureReport: 'date',
  Media: 'created',
  MedicationAdministration: 'effective-time',
  MedicationDispense: 'whenhandedover',
  MedicationRequest: 'authoredon',
  MedicationStatement: 'effective',
  NutritionOrder: 'datetime',
  Observation: 'date',
  PaymentNotice: 'created',
  PaymentReconciliation: 'created',
  Procedure: 'date',
  Provenance: 'recorded',
  QuestionnaireResponse: 'authored',
  RequestGroup: 'authored',
  ResearchStudy: 'date',
  ResearchSubject: 'date',
  RiskAssessment: 'date',
  Schedule: 'date',
  ServiceRequest: 'authored',
  Slot: 'start',
  Specimen: 'collected',
  SupplyRequest: 'date',
  Task: 'authored-on',
  VisionPrescription: 'datewritten',
}

/** Returns the parameter by whose value a type's lists are ordered. */
export const orderParameter = (type: string): string => clinicalDates[type] ?? '_lastUpdated'

/** Returns whether a type's lists are ordered by a clinical date rather than by the last change. */
export const hasClinicalDate = (type: string): boolean => clinicalDates[type] !== undefined

/** A resource's position in the order of its type; `interval` is absent for a resource without the date. */
export interface OrderPosition {
  order: string
  interval?: Interval
}

/**
 * Returns a resource's position; a resource without its date is ordered by its last change, below every
 * resource with a date.
 */
export const orderPositionOf = (resource: Resource, t: string): OrderPosition => {
  const parameter = clinicalDates[resource.resourceType]
  if (parameter === undefined) return { order: t, interval: { low: t, high: t } }
  const interval = extract(resource, parameter)
    .map(intervalOf)
    .find((found) => found !== undefined)
  return interval ? { order: interval.low, interval } : { order: `-${t}` }
}
