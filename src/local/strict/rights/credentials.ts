import { randomBytes } from 'node:crypto'
import type { Principals } from './callers.ts'
import type { Principal, Statement } from './policy.ts'

/** What the credentials of a function are made of. */
interface Function {
  id: string
  statements: readonly Statement[]
}

/** Keys of their own for a stack's functions, by which their calls are told apart. */
export interface Credentials {
  principals: Principals
  /** Returns the environment variables that hold a function's key. */
  variablesOf(id: string): Readonly<Record<string, string>>
}

/** Makes a key for each function; the secrets live as long as the stack. */
export const makeCredentials = (functions: readonly Function[]): Credentials => {
  const keyIds = new Map(
    functions.map(({ id }) => [id, `ASIA${randomBytes(8).toString('hex').toUpperCase()}`]),
  )
  const principals = new Map<string, Principal>(
    functions.map(({ id, statements }) => [keyIds.get(id) ?? '', { name: id, statements }]),
  )
  const secrets = new Map(functions.map(({ id }) => [id, randomBytes(30).toString('base64')]))
  return {
    principals,
    variablesOf: (id) => ({
      AWS_ACCESS_KEY_ID: keyIds.get(id) ?? '',
      AWS_SECRET_ACCESS_KEY: secrets.get(id) ?? '',
      AWS_SESSION_TOKEN: 'local',
    }),
  }
}
