// Compiles the command line to one file of plain JavaScript, which Node 20 runs too: it carries no types to be stripped.
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** CommonJS parts of libraries ask for `require`, which ES modules do not have. */
const banner = "import{createRequire as requireOf}from'node:module';const require=requireOf(import.meta.url);"

/** Writes `dist/cli/pilotlight.mjs`. */
export const buildCommandLine = async () => {
  const outfile = join(root, 'dist', 'cli', 'pilotlight.mjs')
  mkdirSync(dirname(outfile), { recursive: true })
  await build({
    absWorkingDir: root,
    entryPoints: ['client/cli/pilotlight.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: banner },
    legalComments: 'inline',
    logLevel: 'warning',
  })
  chmodSync(outfile, 0o755)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildCommandLine()
