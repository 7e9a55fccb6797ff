import { dirname } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions } from '../../src/local/build.ts'
import { projectRoot } from '../../src/local/template/template.ts'

/** The bare handlers. */
export const floorNames = ['read', 'vitals'] as const

/** Where the bare handlers lie once they are built, from the project's root. */
export const floorBundle = (name: string): string => `dist/bench/${name}/${name}.mjs`

/** Where what starts a function cold lies once it is built: types would have to be stripped before it can run. */
export const coldStart = 'dist/bench/cold/cold-start.mjs'

/** What stands for Node's own modules is ours: a function of the SDK alone takes these as they are. */
const { alias: _, ...plainOptions } = bundleOptions

/** Builds the bare handlers, and what starts functions cold, with the options of the server's own bundles but for what stands for Node's modules. */
export const buildFloor = async (): Promise<void> => {
  const outputs = [
    ...floorNames.map((name) => [`bench/floor/${name}.ts`, floorBundle(name)]),
    ['bench/cold-start.ts', coldStart],
  ]
  for (const [source, output] of outputs)
    await build({
      ...plainOptions,
      entryPoints: [`${projectRoot}${source}`],
      outdir: dirname(`${projectRoot}${output}`),
    })
}
