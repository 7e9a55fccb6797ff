import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where `fetch-ric.ts` puts AWS's runtime interface client. */
export const cacheDirectory = fileURLToPath(
  new URL('../../../node_modules/.cache/aws-lambda-ric', import.meta.url),
)

const client = `${cacheDirectory}/package/index.mjs`

/** A program that runs a package as Lambda does: the arguments of Node. */
export interface Runtime {
  name: string
  args: readonly string[]
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Our own runtime, and AWS's where it has been fetched. */
export const runtimes: readonly Runtime[] = [
  {
    name: 'a runtime as small as the protocol allows',
    args: ['--disable-warning=ExperimentalWarning', path('bootstrap.ts')],
  },
  ...(existsSync(client)
    ? [{ name: "AWS's runtime interface client", args: ['--require', path('rapid-client.cjs'), client] }]
    : []),
]
