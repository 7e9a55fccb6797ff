/** Fetches AWS's DynamoDB Local, which an npm package carries, into `node_modules/.cache`, unless it is there. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { cacheDirectory, hasDynamodbLocal } from './dynamodb-local.ts'

const packageName = 'amplify-dynamodb-simulator@2.9.30'

const run = (command: string, ...parameters: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd: cacheDirectory, encoding: 'utf8' })
  if (status !== 0) throw new Error(`\`${command} ${parameters.join(' ')}\` failed: ${stderr}`)
  return stdout.trim()
}

if (!hasDynamodbLocal()) {
  mkdirSync(cacheDirectory, { recursive: true })
  run('java', '-version')
  const archive = run('npm', 'pack', packageName, '--silent')
  run('tar', '-xzf', archive, 'package/emulator')
  rmSync(`${cacheDirectory}/${archive}`)
}
