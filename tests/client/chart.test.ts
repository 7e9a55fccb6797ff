import { expect, test } from 'vitest'
import { courseOf, printed } from '../../client/cli/chart.ts'
import { labPanels } from '../../client/clinical/labs.ts'
import { parseExact } from '../../client/exact.ts'
import { observed } from '../web/data.ts'

const sent = parseExact(`{
  "valueQuantity": { "value": 123456789012345678, "unit": "g", "comparator": "<" },
  "referenceRange": [{ "low": { "value": 123456789012345677, "unit": "g" }, "high": { "value": 5, "unit": "g" } }]
}`)

test('prints whole numbers in tables and as JSON with the digits that were sent', () => {
  const [panel] = labPanels([observed('1', 0, 'g', sent as object)], [])
  const [trend] = panel?.trends ?? []
  expect(trend && courseOf(trend).slice(0, 5)).toEqual([
    '<123456789012345678 g',
    '2020-03-01 10:00 +00:00',
    '',
    '<123456789012345678',
    '<123456789012345678',
  ])
  const text = printed([panel])
  expect(text).toContain('"value": 123456789012345678,')
  expect(text).toContain('"text": "123456789012345677–5"')
  expect(text).not.toContain('12345678901234568')
})
