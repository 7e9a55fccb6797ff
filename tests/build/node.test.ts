import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { projectRoot } from '../../src/local/template/template.ts'

/** Runs the check of a checkout, whose npm runs on the Node of this version; returns its status and what it says. */
const checked = (version: string, install: 'none' | 'no scripts' | 'whole', ...args: string[]) => {
  const checkout = mkdtempSync(join(tmpdir(), 'pilotlight test '))
  onTestFinished(() => rmSync(checkout, { recursive: true, force: true }))
  mkdirSync(join(checkout, 'build'))
  cpSync(`${projectRoot}build/node.cjs`, join(checkout, 'build/node.cjs'))
  if (install !== 'none') mkdirSync(join(checkout, 'node_modules/node'), { recursive: true })
  if (install === 'whole') {
    mkdirSync(join(checkout, 'node_modules/node/bin'))
    writeFileSync(join(checkout, 'node_modules/node/bin/node'), '')
  }
  const env = {
    ...process.env,
    npm_config_user_agent: `npm/10.8.2 node/v${version} linux x64 workspaces/false`,
  }
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'build/node.cjs'), ...args], {
    env,
    encoding: 'utf8',
  })
  return { status, said: stderr.trim() }
}

test.each(['20.20.0', '22.1.0', '24.21.0', '26.0.0'])('is content with Node %s', (version) => {
  expect(checked(version, 'whole')).toEqual({ status: 0, said: '' })
})

test.each(['12.22.12', '18.20.8', '20.19.6'])('refuses Node %s in one line with the remedy', (version) => {
  const said = `Pilotlight needs Node 20.20 or later, best Node 24; this machine has v${version}. Install Node 24 (https://nodejs.org, or \`nvm install 24\`), then run \`npm ci\` again.`
  expect(checked(version, 'whole')).toEqual({ status: 1, said })
  expect(checked(version, 'none', '--machine')).toEqual({ status: 1, said })
})

test('refuses an installation without its scripts, with the remedy', () => {
  expect(checked('24.21.0', 'no scripts')).toEqual({
    status: 1,
    said: 'The Node that Pilotlight runs on was not unpacked, because npm ran no install scripts: run `npm ci --ignore-scripts=false`.',
  })
})

test('refuses a checkout without its dependencies, but not while they are installed', () => {
  expect(checked('22.0.0', 'none')).toEqual({
    status: 1,
    said: 'The dependencies are missing: run `npm ci`.',
  })
  expect(checked('22.0.0', 'none', '--machine')).toEqual({ status: 0, said: '' })
})
