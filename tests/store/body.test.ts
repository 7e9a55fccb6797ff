import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBody, encodeBody } from '../../src/store/objects/body.ts'

describe('a body', () => {
  test('comes back as it went, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        expect(decodeBody(encodeBody(text))).toBe(text)
      }),
    )
  })

  test('comes back as it went, whatever the JSON and its digits', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, number) => {
        const text = `{ "value": ${number}.00, "rest": ${json} }`
        expect(decodeBody(encodeBody(text))).toBe(text)
      }),
    )
  })

  test('names its codec in its first byte and takes less room than its text', () => {
    const body = encodeBody(
      JSON.stringify({ resourceType: 'Patient', name: Array(20).fill({ family: 'Name' }) }),
    )
    expect(body[0]).toBe(1)
    expect(body.length).toBeLessThan(200)
  })

  test('of an unknown codec is refused', () => {
    expect(() => decodeBody(new Uint8Array([9, 1, 2]))).toThrow('unknown codec `9`')
  })
})
