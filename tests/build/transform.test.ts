import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { isTransformed, transform, transformerPython, withoutEffect } from '../../build/transform.ts'
import { readTransformed, templatePaths } from '../../src/local/deployed/transformed.ts'
import { readTemplate } from '../../src/local/template/template.ts'

const directory = mkdtempSync(join(tmpdir(), 'pilotlight-template-'))
afterAll(() => rmSync(directory, { recursive: true }))

const written = readFileSync(templatePaths.written, 'utf8')

const writtenAs = (text: string): string => {
  const path = join(directory, 'template.yaml')
  writeFileSync(path, text)
  return path
}

test('a template that changed since it was transformed is refused', () => {
  const changed = writtenAs(written.replace('RESPONSE_STREAM', 'STREAM'))
  expect(() => readTransformed({ ...templatePaths, written: changed })).toThrow('npm run transform')
  expect(readTransformed()).toHaveProperty('Resources')
})

const python = transformerPython()

describe.skipIf(!python)("AWS's transformer", () => {
  const transformed = (text: string) => transform(python as string, writtenAs(text))

  test('makes the template that is kept', () => {
    expect(isTransformed(python as string)).toBe(true)
  })

  test('makes no streaming route of a word that it does not know', () => {
    const template = readTemplate(JSON.parse(transformed(written.replaceAll('RESPONSE_STREAM', 'STREAM'))))
    expect(template.routes.filter((route) => route.streams)).toEqual([])
  })

  test('passes over nothing in the template but such a word', () => {
    const wrong = writtenAs(written.replace('RESPONSE_STREAM', 'STREAM'))
    expect(withoutEffect(python as string, wrong)).toEqual(['Api ResponseTransferMode: "STREAM"'])
  })

  test('refuses a template with its own message', () => {
    expect(() =>
      transformed(written.replace('Handler: patient.handler', 'Handlers: patient.handler')),
    ).toThrow(/PatientFunction/)
  })
})
