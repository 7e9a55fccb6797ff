import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildStale, firstBytes } from '../src/local/build.ts'
import { readTransformed, templatePaths } from '../src/local/deployed/transformed.ts'
import { readTemplate } from '../src/local/template/template.ts'
import { measure, readSources } from './measures.ts'
import { isTransformed, transformerPython, withoutEffect } from './transform.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The most bytes of script that a function may load before its first request, which is what a cold start compiles. */
const firstBudgets: Readonly<Record<string, number>> = {
  MetadataFunction: 60_000,
  BundleFunction: 340_000,
  PatientFunction: 340_000,
  ObservationFunction: 340_000,
  ResourceFunction: 340_000,
  JobFunction: 340_000,
  StreamFunction: 600_000,
}

interface Check {
  name: string
  run(): boolean
}

const tool = (name: string, command: string, ...args: readonly string[]): Check => ({
  name,
  run: () => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0,
})

const local = (command: string): string => `${root}node_modules/.bin/${command}`

const withinBudgets = (): boolean => {
  const sizes = readTemplate().functions.map(({ id, bundle }) => ({ id, first: firstBytes(root + bundle) }))
  const over = sizes.filter(({ id, first }) => first > (firstBudgets[id] ?? 0))
  for (const { id, first } of over)
    console.error(`${id} loads ${first} bytes first; its budget is ${firstBudgets[id] ?? 'not set'}.`)
  return over.length === 0
}

/** The digest is compared everywhere, the transformed template itself where AWS's transformer is installed. */
const transformedAnew = (): boolean => {
  try {
    readTransformed()
    const python = transformerPython()
    if (!python) console.log("The template was not transformed anew: AWS's transformer is not installed.")
    const same = !python || isTransformed(python)
    if (!same)
      console.error(
        'template.transformed.json differs from what the transformer makes: run `npm run transform`.',
      )
    const silent = python ? withoutEffect(python, templatePaths.written) : []
    for (const line of silent) console.error(`SAM passes over ${line}`)
    return same && silent.length === 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return false
  }
}

const isInstalled = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** Prints every figure of the house beside its ceiling; the worst places of one that is above it. */
const withinCeilings = (): boolean => {
  const measures = measure(readSources())
  for (const { name, value, ceiling, aim, places } of measures) {
    console.log(`${String(value).padStart(7)}  ${name} (ceiling ${ceiling}, aim ${aim})`)
    if (value > ceiling) for (const place of places) console.error(`         ${place}`)
  }
  return measures.every(({ value, ceiling }) => value <= ceiling)
}

const checks: readonly Check[] = [
  tool('types', local('tsc'), '-p', '.'),
  tool('types of the page', local('tsc'), '-p', 'client/web', '--noEmit'),
  tool('format and lint', local('biome'), 'check', '--error-on-warnings', '.'),
  tool('house rules', local('vitest'), 'run', 'tests/house', '--reporter=dot'),
  ...(isInstalled('cfn-lint') ? [tool('template', 'cfn-lint', 'template.yaml')] : []),
  { name: 'template as AWS reads it', run: transformedAnew },
  { name: 'bundle sizes', run: withinBudgets },
  { name: 'figures of the house', run: withinCeilings },
]

await buildStale()
const failed = checks.filter((check) => {
  const passed = check.run()
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${check.name}`)
  return !passed
})
process.exitCode = failed.length === 0 ? 0 : 1
