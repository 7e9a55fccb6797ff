import type { PolicyStatement } from '../../deployed/model.ts'
import type { AccessKey as Key } from '../../signature/canonical.ts'
import { newCredentials } from '../../signature/sign.ts'
import type { Keyring } from '../../signature/verify.ts'
import type { Principals } from './callers.ts'
import type { PolicyPrincipal } from './policy.ts'

/** A function's id and the statements of its role. */
interface Function {
  id: string
  statements: readonly PolicyStatement[]
}

/** A key for each of a stack's functions, by which their calls are distinguished. */
export interface StackCredentials {
  principals: Principals
  keyring: Keyring
  /** Returns a function's key. */
  keyOf(id: string): Key | undefined
  /** Returns the environment variables that hold a function's key. */
  variablesOf(id: string): Readonly<Record<string, string>>
}

/** Makes a key for each function; the secrets live as long as the stack. */
export const makeCredentials = (functions: readonly Function[]): StackCredentials => {
  const keys = new Map(functions.map(({ id }) => [id, newCredentials()]))
  const byId = new Map([...keys.values()].map((key) => [key.accessKeyId, key]))
  const principals = new Map<string, PolicyPrincipal>(
    functions.map(({ id, statements }) => [keys.get(id)?.accessKeyId ?? '', { name: id, statements }]),
  )
  return {
    principals,
    keyring: (accessKeyId) => byId.get(accessKeyId),
    keyOf: (id) => keys.get(id),
    variablesOf: (id) => ({
      AWS_ACCESS_KEY_ID: keys.get(id)?.accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: keys.get(id)?.secretAccessKey ?? '',
      AWS_SESSION_TOKEN: keys.get(id)?.sessionToken ?? '',
    }),
  }
}
