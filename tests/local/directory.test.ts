import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultDirectory } from '../../src/local/directory.ts'

const checkout = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'pilotlight test '))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('keeps the data in the checkout, blanks in its path or not', () => {
  const path = checkout()
  expect(defaultDirectory(path, {})).toBe(`${path}/.data`)
  mkdirSync(`${path}/.data`)
  expect(defaultDirectory(path, { XDG_STATE_HOME: '/state' })).toBe(`${path}/.data`)
})

// Even the administrator may not write in a checkout that is not there.
test('keeps the data with the user where the checkout cannot be written', () => {
  const path = join(checkout(), 'gone')
  expect(defaultDirectory(path, { XDG_STATE_HOME: '/state' })).toBe('/state/pilotlight')
  expect(defaultDirectory(path, { HOME: '/home/ann' })).toBe('/home/ann/.local/state/pilotlight')
})

test('passes over a state directory that is not absolute', () => {
  const path = join(checkout(), 'gone')
  expect(defaultDirectory(path, { XDG_STATE_HOME: 'state', HOME: '/home/ann' })).toBe(
    '/home/ann/.local/state/pilotlight',
  )
})
