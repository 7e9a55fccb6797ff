import { build } from 'esbuild'
import { bundleOptions } from '../../src/local/bundle.ts'
import { projectRoot } from '../../src/local/template.ts'

/** The bare handlers. */
export const floorNames = ['read', 'vitals'] as const

/** Where the bare handlers lie once they are built, from the project's root. */
export const floorBundle = (name: string): string => `dist/bench/${name}/${name}.mjs`

/** Builds the bare handlers with the options of the server's own bundles. */
export const buildFloor = async (): Promise<void> => {
  for (const name of floorNames) {
    await build({
      ...bundleOptions,
      entryPoints: [`${projectRoot}bench/floor/${name}.ts`],
      outdir: `${projectRoot}dist/bench/${name}`,
    })
  }
}
