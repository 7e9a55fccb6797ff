import { build } from 'esbuild'
import { projectRoot } from '../../src/local/template.ts'

/** The bare handlers. */
export const floorNames = ['read', 'vitals'] as const

/** Where the bare handlers lie once they are built, from the project's root. */
export const floorBundle = (name: string): string => `dist/bench/${name}/index.js`

/** Builds the bare handlers with the options of the server's own bundles. */
export const buildFloor = async (): Promise<void> => {
  for (const name of floorNames) {
    await build({
      entryPoints: [`${projectRoot}bench/floor/${name}.ts`],
      outfile: projectRoot + floorBundle(name),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      target: 'node24',
      minify: true,
      logLevel: 'warning',
    })
  }
}
