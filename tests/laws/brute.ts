/** Some parameters of some types, each a path written by hand. */

import type { Parameters } from './judge.ts'
import { type Json, type Kind, list, type Parameter, type Part } from './matching.ts'

const at =
  (...paths: string[]) =>
  (resource: unknown): unknown[] =>
    paths.flatMap((path) =>
      path
        .split('.')
        .reduce<unknown[]>(
          (found, step) => found.flatMap((value) => list((value as Json)?.[step])),
          [resource],
        ),
    )

const rows = (kind: Kind, paths: Record<string, string>): Record<string, Parameter> =>
  Object.fromEntries(
    Object.entries(paths).map(([code, path]) => [code, { kind, values: at(...path.split(' ')) }]),
  )

const telecom = (system?: string) => (resource: Json) =>
  list(resource.telecom)
    .filter((point) => system === undefined || (point as Json).system === system)
    .map((point) => ({ value: (point as Json).value }))

const onlyTo = (type: string, path: string) => (resource: Json) =>
  at(path)(resource).filter((link) => String((link as Json).reference).includes(`${type}/`))

const coded = (path: string, system: string) => (resource: Json) =>
  at(path)(resource).map((code) => ({ system, code }))

/** A code and a value that stand in the same element: the resource itself, a component, or either. */
const codeAnd = (kind: Kind, path: string, ...elements: string[]): Parameter => ({
  kind: 'composite',
  values: (resource) =>
    elements
      .flatMap((element) => (element === '' ? [resource] : at(element)(resource)))
      .map((element): Part[] => [
        { kind: 'token', values: at('code')(element) },
        { kind, values: at(path)(element) },
      ]),
})

const every: Record<string, Parameter> = {
  ...rows('token', { _id: 'id', _tag: 'meta.tag' }),
  ...rows('uri', { _profile: 'meta.profile' }),
  ...rows('date', { _lastUpdated: 'meta.lastUpdated' }),
}

export const parameters: Parameters = {
  Observation: {
    ...every,
    ...rows('token', {
      code: 'code',
      category: 'category',
      'value-concept': 'valueCodeableConcept',
      'component-code': 'component.code',
      'combo-code': 'code component.code',
      identifier: 'identifier',
    }),
    status: { kind: 'token', values: coded('status', 'http://hl7.org/fhir/observation-status') },
    ...rows('reference', { subject: 'subject', performer: 'performer', encounter: 'encounter' }),
    patient: { kind: 'reference', values: onlyTo('Patient', 'subject') },
    ...rows('date', { date: 'effectiveDateTime effectivePeriod', 'value-date': 'valueDateTime' }),
    ...rows('quantity', {
      'value-quantity': 'valueQuantity',
      'component-value-quantity': 'component.valueQuantity',
      'combo-value-quantity': 'valueQuantity component.valueQuantity',
    }),
    ...rows('string', { 'value-string': 'valueString' }),
    'code-value-quantity': codeAnd('quantity', 'valueQuantity', ''),
    'code-value-string': codeAnd('string', 'valueString', ''),
    'component-code-value-quantity': codeAnd('quantity', 'valueQuantity', 'component'),
    'combo-code-value-quantity': codeAnd('quantity', 'valueQuantity', '', 'component'),
  },
  Patient: {
    ...every,
    ...rows('string', {
      name: 'name.text name.family name.given name.prefix name.suffix',
      family: 'name.family',
      given: 'name.given',
      address: 'address.text address.line address.city address.state address.country address.postalCode',
      'address-city': 'address.city',
    }),
    ...rows('date', { birthdate: 'birthDate', 'death-date': 'deceasedDateTime' }),
    ...rows('token', { active: 'active', identifier: 'identifier' }),
    gender: { kind: 'token', values: coded('gender', 'http://hl7.org/fhir/administrative-gender') },
    telecom: { kind: 'token', values: telecom() },
    email: { kind: 'token', values: telecom('email') },
    phone: { kind: 'token', values: telecom('phone') },
    ...rows('reference', { organization: 'managingOrganization', link: 'link.other' }),
  },
  Encounter: {
    ...every,
    ...rows('token', { class: 'class', type: 'type' }),
    ...rows('date', { date: 'period', 'location-period': 'location.period' }),
    ...rows('reference', { subject: 'subject' }),
    patient: { kind: 'reference', values: onlyTo('Patient', 'subject') },
  },
  Condition: {
    ...every,
    ...rows('token', { code: 'code', 'clinical-status': 'clinicalStatus' }),
    ...rows('date', { 'onset-date': 'onsetDateTime onsetPeriod', 'recorded-date': 'recordedDate' }),
    ...rows('reference', { subject: 'subject' }),
    patient: { kind: 'reference', values: onlyTo('Patient', 'subject') },
  },
  RiskAssessment: {
    ...every,
    ...rows('number', { probability: 'prediction.probabilityDecimal' }),
    ...rows('reference', { subject: 'subject' }),
  },
  Location: {
    ...every,
    near: { kind: 'near', values: at('position') },
    ...rows('string', { name: 'name' }),
  },
  ValueSet: {
    ...every,
    ...rows('uri', { url: 'url' }),
    ...rows('string', { title: 'title' }),
    ...rows('date', { date: 'date' }),
    version: { kind: 'token', values: at('version'), anyCase: true },
  },
  ConceptMap: {
    ...every,
    ...rows('string', { title: 'title' }),
    source: { kind: 'reference', values: at('sourceCanonical'), canonical: true },
  },
}
