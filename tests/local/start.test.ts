import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { projectRoot } from '../../src/local/template/template.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'start-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Started {
  out: string
  err: string
  code: number | null
}

/** Runs the start command until it has printed a line, or ended. */
const start = (env: Record<string, string>, args: readonly string[], until: RegExp): Promise<Started> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [`${projectRoot}src/local/start.ts`, ...args], {
      env: { ...process.env, PORT: '0', ...env },
    })
    const told = { out: '', err: '' }
    const look = () => {
      if (until.test(told.out)) child.kill('SIGTERM')
    }
    child.stdout.on('data', (chunk: Buffer) => {
      told.out += chunk.toString()
      look()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      told.err += chunk.toString()
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    child.once('close', (code) => resolve({ ...told, code }))
  })

test('the banner names the page before all else, then the API, users and data', async () => {
  const { out, code } = await start({ DATA_DIR: join(directory, 'banner') }, [], /Ctrl-C stops it/)
  const lines = out.split('\n').filter((line) => line.startsWith('  '))
  expect(lines[0]).toMatch(/^ {2}The page {7}http:\/\/localhost:\d+\/$/)
  expect(lines[1]).toMatch(/^ {2}FHIR base URL {2}http:\/\/localhost:\d+\/fhir$/)
  expect(out).toMatch(/clinician .*\n/)
  expect(out).toContain(join(directory, 'banner'))
  expect(code).toBe(0)
}, 60_000)

test('--demo says how far it has come, and how many patients were made up', async () => {
  const env = { DATA_DIR: join(directory, 'demo') }
  const { out, err } = await start(env, ['--demo', '--open'], /patients were made up\.\n/)
  expect(err).toMatch(/^5 of \d+ patients made up\n10 of \d+ patients made up\n/)
  expect(out).toMatch(/OPEN: every request is an administrator's/)
  expect(out).toMatch(/\n\d+ patients were made up\.\n/)
}, 180_000)

test.each(['x', 'x/y'])(
  'a DATA_DIR of %s, where `x` is a file, is refused at once in one line',
  async (name) => {
    const parent = mkdtempSync(join(directory, 'bad-'))
    writeFileSync(join(parent, 'x'), '')
    const path = join(parent, name)
    const { out, err, code } = await start({ DATA_DIR: path }, [], /never/)
    expect([out, code]).toEqual(['', 1])
    expect(err.trim().split('\n')).toEqual([expect.stringContaining(path)])
  },
  60_000,
)
