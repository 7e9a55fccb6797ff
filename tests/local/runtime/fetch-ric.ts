/** Fetches AWS's runtime interface client for Node.js into `node_modules/.cache`, unless it is there; nothing of it is compiled. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { cacheDirectory } from './ric.ts'

const packageName = 'aws-lambda-ric@4.0.2'

const run = (command: string, ...parameters: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd: cacheDirectory, encoding: 'utf8' })
  if (status !== 0) throw new Error(`\`${command} ${parameters.join(' ')}\` failed: ${stderr}`)
  return stdout.trim()
}

if (!existsSync(`${cacheDirectory}/package/index.mjs`)) {
  mkdirSync(cacheDirectory, { recursive: true })
  const archive = run('npm', 'pack', packageName, '--silent')
  run('tar', '-xzf', archive, 'package/index.mjs', 'package/package.json')
  rmSync(`${cacheDirectory}/${archive}`)
}
