import { expect, test } from 'vitest'
import { labPanels } from '../../client/clinical/labs.ts'
import { measurementText, storedIn } from '../../client/clinical/trend.ts'
import { observed, report } from './data.ts'

const at = (effectiveDateTime: string) => ({ effectiveDateTime })

test('groups results by the reports that name them, the newest panel first', () => {
  const glucose = observed('2339-0', 90, 'mg/dL', { id: 'g', ...at('2020-01-01') })
  const sodium = observed('2951-2', 140, 'mmol/L', { id: 's', ...at('2020-01-01') })
  const lipid = observed('2093-3', 180, 'mg/dL', { id: 'l', ...at('2021-01-01') })
  const alone = observed('4548-4', 6, '%', { id: 'a', ...at('2022-01-01') })
  const reports = [
    report('51990-0', 'Basic Metabolic Panel', ['g', 's']),
    report('57698-3', 'Lipid Panel', ['l']),
  ]
  const panels = labPanels([glucose, sodium, lipid, alone], reports)
  expect(panels.map((panel) => panel.title)).toEqual([
    'Lipid Panel',
    'Basic Metabolic Panel',
    'Other results',
  ])
  expect(panels[1]).toMatchObject({ latest: '2020-01-01', times: 1 })
  expect(panels[1]?.trends).toHaveLength(2)
})

test('shows words and comparators as they are', () => {
  const { valueQuantity: _none, ...urine } = observed('5778-6', 0, '')
  const colour = { ...urine, id: 'c', valueCodeableConcept: { text: 'Yellow' } }
  const trace = observed('33762-6', 5, 'pg/mL', {
    valueQuantity: { value: 5, comparator: '<', unit: 'pg/mL' },
  })
  const texts = labPanels([colour, trace], []).flatMap((panel) =>
    panel.trends.map((trend) => trend.measurements.map((each) => measurementText(each))),
  )
  expect(texts.flat().sort()).toEqual(['<5 pg/mL', 'Yellow'])
})

test('says nothing about a range where none was given', () => {
  const trend = labPanels([observed('2339-0', 400, 'mg/dL')], [])[0]?.trends[0]
  expect(trend?.measurements[0]?.flag).toBeUndefined()
})

test('shows components as results of their own, and intervals as they are', () => {
  const { valueQuantity: _none, ...urine } = observed('5778-6', 0, '', { code: { text: 'Sediment' } })
  const component = [{ code: { text: 'RBC' }, valueString: 'none seen' }]
  const interval = {
    ...urine,
    id: 'i',
    code: { text: 'WBC' },
    valueRange: { low: { value: 2, unit: '/HPF' }, high: { value: 5 } },
  }
  const trends = labPanels([{ ...urine, component }, interval], [])[0]?.trends ?? []
  expect(trends.map(({ title, measurements }) => [title, measurements[0]?.text])).toEqual([
    ['Sediment: RBC', 'none seen'],
    ['WBC', '2 – 5 /HPF'],
  ])
})

const coding = (system: string | undefined, code: string, text: string) => ({
  code: { text, coding: [{ ...(system && { system }), code }] },
})

test('takes one code of two systems for two tests, and a code of no system for none', () => {
  const results = [
    observed('100', 140, 'mmol/L', coding('urn:a', '100', 'Sodium')),
    observed('100', 5.5, 'mmol/L', coding('urn:b', '100', 'Glucose')),
    observed('100', 4, 'mmol/L', coding(undefined, '100', 'Potassium')),
    observed('100', 2, 'mmol/L', coding(undefined, '100', 'Calcium')),
  ]
  const trends = labPanels(results, [])[0]?.trends ?? []
  expect(trends.map(({ title, measurements }) => [title, measurements.length])).toEqual([
    ['Calcium', 1],
    ['Glucose', 1],
    ['Potassium', 1],
    ['Sodium', 1],
  ])
})

test('takes one test for one whatever the order of its codings', () => {
  const both = [
    { system: 'http://loinc.org', code: '2339-0' },
    { system: 'urn:a', code: '7' },
  ]
  const glucose = (id: string, codings: typeof both) =>
    observed('2339-0', 5, 'mmol/L', { id, code: { text: 'Glucose', coding: codings } })
  expect(labPanels([glucose('a', both), glucose('b', both.toReversed())], [])[0]?.trends).toHaveLength(1)
})

test('takes two reports of one code in two systems for two panels', () => {
  const [a, b] = ['a', 'b'].map((id) => ({
    ...report('1', `Panel ${id}`, [id]),
    code: { text: `Panel ${id}`, coding: [{ system: `urn:${id}`, code: '1' }] },
  }))
  const results = ['a', 'b'].map((id) => observed(`1-${id}`, 1, 'g', { id }))
  expect(labPanels(results, [a, b] as (typeof a & object)[]).map(({ title }) => title)).toEqual([
    'Panel a',
    'Panel b',
  ])
})

const named = (reference: string, more = {}) => {
  const one = { ...report('1', 'Panel', []), result: [{ reference }], ...more }
  return labPanels([observed('2', 1, 'g', { id: 'o' })], [one], 'http://here.example/fhir').map(
    ({ title }) => title,
  )
}

test.each([
  ['Observation/o', 'Panel'],
  ['Observation/o/_history/2', 'Panel'],
  ['http://here.example/fhir/Observation/o', 'Panel'],
  ['http://here.example/fhir/Observation/o/_history/2', 'Panel'],
  ['http://there.example/fhir/Observation/o', 'Other results'],
  ['http://there.example/http://here.example/fhir/Observation/o', 'Other results'],
  ['urn:uuid:o', 'Other results'],
  ['#o', 'Other results'],
  ['ImagingStudy/o', 'Other results'],
])('places a result by the reference %s into: %s', (reference, title) => {
  expect(named(reference)).toEqual([title])
})

test('places no result by a report that was entered in error', () => {
  expect(named('Observation/o', { status: 'entered-in-error' })).toEqual(['Other results'])
})

test('shows the results that a report contains, at the report’s time', () => {
  const { effectiveDateTime: _none, ...timeless } = observed('2', 7, 'g', { id: 'c' })
  const one = {
    ...report('1', 'Panel', []),
    id: 'r',
    contained: [timeless],
    result: [{ reference: '#c' }],
    effectivePeriod: { end: '2020-05-31' },
  }
  const [panel] = labPanels([], [one])
  const [measured] = panel?.trends[0]?.measurements ?? []
  expect(panel).toMatchObject({ title: 'Panel', latest: '../2020-05-31' })
  expect(measured && [measurementText(measured), storedIn(measured)]).toEqual([
    '7 g',
    { type: 'DiagnosticReport', id: 'r' },
  ])
  expect(labPanels([], [{ ...one, status: 'entered-in-error' }])).toEqual([])
})
