import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../src/local/template/template.ts'

interface Ran {
  code: number
  out: string
  err: string
}

/** The search path of a shell that npm did not start: the machine's own Node and npm are on it, the project's are not. */
const machinePath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
  .join(delimiter)

/** The environment without npm's own settings, which would send an npm in another folder to this project. */
const machine = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  PATH: machinePath,
}

let url = ''

const run = (cwd: string, command: string, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd, env: { ...machine, PILOTLIGHT_URL: url } }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

const machineNode = await run(
  projectRoot,
  '/usr/bin/env',
  'node',
  '-p',
  'process.execPath+" "+process.version',
)
const [execPath = '', version = ''] = machineNode.out.trim().split(' ')
const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
const isAnother = machineNode.code === 0 && realpathSync(execPath) !== realpathSync(process.execPath)
const isOldEnough = major > 20 || (major === 20 && minor >= 20)

const patient = { resourceType: 'Patient', id: 'p', name: [{ text: 'x'.repeat(400_000) }] }

/** What an open server says about signing in, and a resource that no pipe holds at once. */
const answers: Record<string, object> = { '/config.json': { auth: null }, '/fhir/Patient/p': patient }

describe.skipIf(!isAnother || !isOldEnough)('the packed command line, on the Node of the machine', () => {
  let directory: string
  let server: Server

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pilotlight-installed-'))
    server = createServer(({ url: target = '' }, response) => {
      const answer = answers[target]
      response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(answer ?? {}))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
  })
  afterAll(async () => {
    await new Promise((resolve) => server?.close(resolve))
    rmSync(directory, { recursive: true, force: true })
  })

  /** A copy of the project, since packing changes its package.json for a moment. */
  const checkout = (): string => {
    const folder = join(directory, 'checkout')
    mkdirSync(join(folder, 'docs'), { recursive: true })
    for (const name of ['package.json', 'README.md', 'LICENSE', 'build', 'client', 'docs/command-line.md'])
      cpSync(join(projectRoot, name), join(folder, name), { recursive: true })
    symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'))
    return folder
  }

  test('installs into an empty folder without a network, brings nothing else, and runs', async () => {
    const folder = checkout()
    const packed = await run(folder, 'npm', 'pack', '--silent', '--pack-destination', directory)
    expect(packed.code, packed.err).toBe(0)
    const archive = join(directory, packed.out.trim().split('\n').at(-1) ?? '')
    const empty = join(directory, 'empty')
    mkdirSync(empty)
    const cache = ['--cache', join(directory, 'cache')]
    const installed = await run(empty, 'npm', 'install', '--offline', '--no-audit', ...cache, archive)
    expect(installed.code, installed.err).toBe(0)
    expect(readdirSync(join(empty, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'pilotlight',
    ])
    const told = await run(empty, 'node_modules/.bin/pilotlight', '--version')
    expect(told).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
    const kept = JSON.parse((await run(folder, 'cat', 'package.json')).out)
    expect(kept.scripts).toBeDefined()
  }, 30_000)

  const compiled = `/usr/bin/env node "${projectRoot}dist/cli/pilotlight.mjs"`

  test('prints its version, its help and a resource', async () => {
    const script = `${compiled} --version && ${compiled} --help && ${compiled} get Patient/p`
    const { code, out, err } = await run(directory, 'bash', '-c', script)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^\d+\.\d+\.\d+\n/)
    expect(out).toContain('load-package')
    expect(out).toContain(JSON.stringify(patient))
  })

  test.each([
    ['`head`', 'head -c 10', '{"resource'],
    ['a reader that reads nothing', 'true', ''],
  ])('piped into %s ends without a word', async (_, reader, read) => {
    const script = `${compiled} get Patient/p | ${reader}; echo " \${PIPESTATUS[0]}"`
    expect(await run(directory, 'bash', '-c', script)).toEqual({ code: 0, out: `${read} 0\n`, err: '' })
  })

  test('exits with 2 and a sentence at a command that there is not', async () => {
    const { code, out, err } = await run(directory, 'bash', '-c', `${compiled} lode`)
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('`load`')])
  })
})
