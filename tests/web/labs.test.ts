import { expect, test } from 'vitest'
import { labPanels } from '../../client/clinical/labs.ts'
import { measurementText } from '../../client/clinical/trend.ts'
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
