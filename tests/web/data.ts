import type { DiagnosticReport, Observation } from 'fhir/r4.js'

const coded = (code: string, text: string) => ({ coding: [{ system: 'http://loinc.org', code }], text })

/** Returns an observation with one number. */
export const observed = (
  code: string,
  value: unknown,
  unit: string,
  more: Partial<Observation> = {},
): Observation => ({
  resourceType: 'Observation',
  id: `${code}-${JSON.stringify(value)}`,
  status: 'final',
  code: coded(code, `Code ${code}`),
  effectiveDateTime: '2020-03-01T10:00:00Z',
  valueQuantity: { value: value as number, unit, code: unit, system: 'http://unitsofmeasure.org' },
  ...more,
})

/** Returns a blood pressure panel. */
export const pressure = (
  code: string,
  systolic: number,
  diastolic: number,
  more: Partial<Observation> = {},
): Observation => {
  const { valueQuantity: _none, ...panel } = observed(code, `${systolic}-${diastolic}`, '')
  const part = (loinc: string, value: number) => ({
    code: coded(loinc, loinc),
    valueQuantity: { value, unit: 'mm[Hg]', code: 'mm[Hg]', system: 'http://unitsofmeasure.org' },
  })
  return { ...panel, component: [part('8462-4', diastolic), part('8480-6', systolic)], ...more }
}

/** Returns a report that names results. */
export const report = (code: string, text: string, ids: readonly string[]): DiagnosticReport => ({
  resourceType: 'DiagnosticReport',
  status: 'final',
  code: coded(code, text),
  result: ids.map((id) => ({ reference: `Observation/${id}` })),
})
