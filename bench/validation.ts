import { execFile } from 'node:child_process'
import { relative } from 'node:path'
import { promisify } from 'node:util'
import { build, type Metafile } from 'esbuild'
import type { Resource } from '../src/fhir/definitions.ts'
import { bundleOptions } from '../src/local/build.ts'
import { projectRoot, readTemplate } from '../src/local/template/template.ts'
import { validate } from '../src/validate/validate.ts'
import type { Bundles } from './bundles.ts'
import { median, type Section } from './figures.ts'
import { medplumValidation } from './medplum.ts'
import { observationText } from './requests.ts'

const run = promisify(execFile)
const output = 'dist/bench/validation'

/** Returns the resources of the bundles. */
export const resourcesOf = ({ texts }: Bundles): Resource[] =>
  texts
    .flatMap((text) => (JSON.parse(text) as { entry: { resource: Resource }[] }).entry)
    .map(({ resource }) => resource)

/** Returns the microseconds per resource: the median of five passes after a first one. */
export const perResource = (
  resources: readonly Resource[],
  judge: (resource: Resource) => unknown,
): number => {
  const passes = Array.from({ length: 6 }, () => {
    const began = performance.now()
    for (const resource of resources) judge(resource)
    return ((performance.now() - began) * 1000) / resources.length
  })
  return median(passes.slice(1))
}

/** Returns the milliseconds that a fresh process takes to load the validation and to judge its first resource. */
const firstUse = async (): Promise<number> => {
  const sources = ['src/validate/validate.ts', 'bench/cold-validation.ts']
  const entryPoints = sources.map((source) => `${projectRoot}${source}`)
  await build({ ...bundleOptions, entryPoints, outdir: `${projectRoot}${output}`, entryNames: '[name]' })
  const path = (name: string): string => `${projectRoot}${output}/${name}.mjs`
  const argv = [path('cold-validation'), path('validate'), observationText('bench', 0)]
  const times: number[] = []
  for (let i = 0; i < 15; i++) times.push(Number((await run(process.execPath, argv)).stdout))
  return median(times)
}

/** What belongs to the validation, its tables included. */
const isOfValidation = (input: string): boolean =>
  /src\/(validate\/|fhir\/generated\/(invariants|codes|structure|bindings))/.test(input)

const bytesAtFirst = ({ outputs }: Metafile, name: string, found = new Set<string>()): number => {
  const loaded = outputs[name]
  if (!loaded || found.has(name)) return 0
  found.add(name)
  const own = Object.entries(loaded.inputs).filter(([input]) => isOfValidation(input))
  const bytes = own.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)
  const statics = loaded.imports.filter(({ kind }) => kind === 'import-statement')
  return statics.reduce((sum, { path }) => sum + bytesAtFirst({ inputs: {}, outputs }, path, found), bytes)
}

/** Returns how many bytes of the validation a function loads that only reads. */
const loadedToRead = async (): Promise<number> => {
  const { entryPoint = '' } = readTemplate().functions.find(({ id }) => id === 'PatientFunction') ?? {}
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: [`${projectRoot}${entryPoint}`],
    outdir: `${projectRoot}${output}`,
    metafile: true,
    write: false,
  })
  const entry = Object.keys(metafile.outputs).find((name) => metafile.outputs[name]?.entryPoint)
  return bytesAtFirst(metafile, relative('.', entry ?? ''))
}

/** Measures the validation against that of `@medplum/core`, and what it adds to a cold start. */
export const validationSection = async (bundles: Bundles): Promise<Section> => {
  const resources = resourcesOf(bundles)
  const theirs = await medplumValidation()
  const ours = perResource(resources, (resource) => validate(resource, resource.resourceType))
  const few = resources.filter((_, i) => i % 10 === 0)
  const medplum = theirs && perResource(few, theirs)
  const [cold, read] = [await firstUse(), await loadedToRead()]
  return {
    title: 'Validation',
    note: `Microseconds per resource over ${resources.length} resources (${bundles.source}; every tenth by \`@medplum/core\`, in the same process), the median of five passes after a first one. The first use is the median of 15 fresh processes.`,
    columns: ['', 'value', 'unit'],
    rows: [
      ['structure, formats, codes and invariants', ours, 'µs'],
      ...(medplum ? [['`@medplum/core`', medplum, 'µs']] : []),
      ['first use by a function that writes', cold, 'ms'],
      ['loaded by a function that reads', read, 'bytes'],
    ],
    figures: [
      { name: 'validation, a resource', value: ours, unit: 'µs', aim: { atMost: 60 } },
      ...(medplum ? [{ name: 'validation ÷ `@medplum/core`', value: ours / medplum, unit: '×' }] : []),
      { name: 'validation, first use', value: cold, unit: 'ms', aim: { atMost: 15 } },
      { name: 'validation loaded to read', value: read, unit: 'bytes', aim: { atMost: 0 } },
    ],
  }
}
