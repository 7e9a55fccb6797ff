import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DatabaseEngine } from './engines.ts'

/** Where `fetch-dynamodb-local.ts` puts AWS's engine. */
export const cacheDirectory = fileURLToPath(
  new URL('../../node_modules/.cache/dynamodb-local', import.meta.url),
)

const emulator = `${cacheDirectory}/package/emulator`

/** Returns whether this machine can run AWS's engine: it needs Java, and the jar in the cache. */
export const hasDynamodbLocal = (): boolean =>
  existsSync(`${emulator}/DynamoDBLocal.jar`) && spawnSync('java', ['-version']).status === 0

/** AWS's own DynamoDB Local, in memory. */
export const dynamodbLocal: DatabaseEngine = {
  start: (port) =>
    spawn(
      'java',
      [
        `-Djava.library.path=${emulator}/DynamoDBLocal_lib`,
        '-jar',
        `${emulator}/DynamoDBLocal.jar`,
        '-inMemory',
        '-sharedDb',
        '-disableTelemetry',
        '-port',
        String(port),
      ],
      { stdio: 'ignore', cwd: emulator },
    ),
}
