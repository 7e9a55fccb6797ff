import { expect, test } from 'vitest'
import { subsetOf } from '../../src/fhir/json/subset.ts'

const observation = `{"resourceType":"Observation","id":"1","meta":{"versionId":"2","tag":[{"code":"own"}]},
 "text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">x</div>"},
 "status":"final","_status":{"id":"s"},"code":{"text":"c","coding":[{"code":"x","userSelected":true}]},
 "component":[{"code":{"text":"a"},"valueQuantity":{"value":1.00},"interpretation":[{"text":"high"}]}],
 "note":[{"text":"n"}]}`

const cut = (subset: Parameters<typeof subsetOf>[2]) => {
  const text = subsetOf(observation, 'Observation', subset)
  return { text, value: JSON.parse(text) }
}

test('a summary keeps what R4 marks, at every depth, with its digits', () => {
  const { text, value } = cut({ summary: 'true' })
  expect(Object.keys(value)).toEqual(['resourceType', 'id', 'meta', 'status', '_status', 'code', 'component'])
  expect(Object.keys(value.component[0])).toEqual(['code', 'valueQuantity'])
  expect(text).toContain('"value":1.00')
})

test('a text keeps the narrative and what is mandatory', () => {
  expect(Object.keys(cut({ summary: 'text' }).value)).toEqual([
    'resourceType',
    'id',
    'meta',
    'text',
    'status',
    '_status',
    'code',
  ])
})

test('data is all but the narrative', () => {
  expect(cut({ summary: 'data' }).value).not.toHaveProperty('text')
  expect(cut({ summary: 'data' }).value.note).toEqual([{ text: 'n' }])
})

test('elements are those that are named, and what is mandatory; a choice is named without its type', () => {
  expect(Object.keys(cut({ elements: ['note'] }).value)).toEqual([
    'resourceType',
    'id',
    'meta',
    'status',
    '_status',
    'code',
    'note',
  ])
  const valued = '{"resourceType":"Observation","status":"final","code":{"text":"c"},"valueInteger":1}'
  expect(JSON.parse(subsetOf(valued, 'Observation', { elements: ['value'] })).valueInteger).toBe(1)
})

test('a part is tagged as one, beside the tags it has', () => {
  const codes = cut({ summary: 'data' }).value.meta.tag.map(({ code }: { code: string }) => code)
  expect(codes).toEqual(['own', 'SUBSETTED'])
  const bare = JSON.parse(
    subsetOf('{"resourceType":"Basic","code":{"text":"x"}}', 'Basic', { summary: 'data' }),
  )
  expect(bare.meta.tag).toHaveLength(1)
  const stamped = '{"resourceType":"Basic","meta":{"versionId":"1"},"code":{"text":"x"}}'
  expect(JSON.parse(subsetOf(stamped, 'Basic', { summary: 'data' })).meta).toMatchObject({ versionId: '1' })
})
