/** `npm run transform`: keeps what AWS's SAM transformer makes of `template.yaml`, which the local stack and the tests read. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { templatePaths } from '../src/local/deployed/transformed.ts'

const script = fileURLToPath(new URL('transform.py', import.meta.url))

/** Returns a Python that has AWS's transformer; undefined where there is none. */
export const transformerPython = (): string | undefined =>
  [process.env.PYTHON ?? 'python3', 'python'].find(
    (python) => spawnSync(python, ['-c', 'import samtranslator'], { stdio: 'ignore' }).status === 0,
  )

const run = (python: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(python, [script, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`AWS's transformer refuses the template:\n${stderr}`)
  return stdout
}

/** Returns the transformed template as JSON text, with the given values for its parameters; fails with the transformer's own message. */
export const transform = (python: string, written: string, ...parameters: readonly string[]): string =>
  run(python, written, ...parameters)

/** Returns the properties of SAM's resources and events that change nothing, a line each: words that SAM does not know. */
export const withoutEffect = (python: string, written: string): string[] =>
  run(python, '--silent', written)
    .split('\n')
    .filter((line) => line !== '')

/** Tells whether transforming anew gives the kept template; the transformer's own version may differ. */
export const isTransformed = (python: string): boolean => {
  const { written, transformed } = templatePaths
  return isDeepStrictEqual(
    comparable(readFileSync(transformed, 'utf8')),
    comparable(transform(python, written)),
  )
}

const comparable = (text: string): unknown =>
  JSON.parse(text, (key, value) => (key === 'Transformer' ? undefined : value))

if (import.meta.main) {
  const python = transformerPython()
  if (python) writeFileSync(templatePaths.transformed, transform(python, templatePaths.written))
  else
    console.error(
      "No Python with AWS's transformer was found: `pip install cfn-lint` brings it; PYTHON may name the Python.",
    )
  process.exitCode = python ? 0 : 1
}
