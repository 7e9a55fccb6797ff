import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type BuildResult, build } from 'esbuild'
import { projectRoot, readTemplate } from './template.ts'

const definitions = 'src/fhir/generate/main.ts'
const generated = 'src/fhir/generated/*'
const pageSources = ['client/web/**/*.*', 'package-lock.json']
const bundleSources = ['src/**/*.{ts,js}', 'package-lock.json', 'template.yaml']

/** Writes the generated R4 knowledge, every function's bundle and the page, each only when older than what it is made from. */
export const prepare = async (): Promise<void> => {
  if (!isFresh(projectRoot, ['src/fhir/generate/*', 'package-lock.json'], [generated])) generate()
  const bundles = readTemplate().functions.map((fn) => fn.bundle)
  if (!isFresh(projectRoot, bundleSources, [...bundles, 'dist/package.json'])) await bundle()
  if (!isFresh(projectRoot, pageSources, ['dist/web/index.html'])) await buildPage()
}

/** Builds the clinician's page to `dist/web`. */
export const buildPage = async (): Promise<void> => {
  const staging = `${projectRoot}dist/staging-web-${process.pid}`
  const vite = await import('vite')
  await vite.build({
    configFile: `${projectRoot}client/web/vite.config.ts`,
    build: { outDir: staging },
    logLevel: 'warn',
  })
  rmSync(`${projectRoot}dist/web`, { recursive: true, force: true })
  renameSync(staging, `${projectRoot}dist/web`)
}

/** Bundles each function of the template as its `Metadata` tells SAM to, to `dist/handlers/<name>/index.js`. */
export const bundle = async (): Promise<void> => {
  const staging = `${projectRoot}dist/staging-${process.pid}`
  const functions = readTemplate().functions
  const results = await Promise.all(
    functions.map((fn) => bundleOne(fn.entryPoint, fn.bundle.replace('dist/', `${staging}/`))),
  )
  const bytes = Object.fromEntries(functions.map((fn, index) => [fn.id, scriptBytes(results[index])]))
  writeFileSync(`${staging}/sizes.json`, JSON.stringify(bytes, null, 2))
  // A running stack may be reading the old bundles: they are replaced whole.
  rmSync(`${projectRoot}dist/handlers`, { recursive: true, force: true })
  renameSync(`${staging}/handlers`, `${projectRoot}dist/handlers`)
  renameSync(`${staging}/sizes.json`, `${projectRoot}dist/sizes.json`)
  // The project's own package.json would make Node take the bundles for ES modules.
  writeFileSync(`${projectRoot}dist/package.json`, JSON.stringify({ type: 'commonjs' }))
  rmSync(staging, { recursive: true })
}

/** Returns whether every output exists and none is older than any of the inputs; both are globs from the project's root. */
const isFresh = (root: string, inputs: readonly string[], outputs: readonly string[]): boolean => {
  const made = outputs.map((pattern) => times(root, pattern))
  return (
    made.every((group) => group.length > 0) &&
    Math.min(...made.flat()) >= Math.max(...inputs.flatMap((pattern) => times(root, pattern)))
  )
}

const times = (root: string, pattern: string): number[] =>
  globSync(pattern, { cwd: root }).map((path) => statSync(`${root}/${path}`).mtimeMs)

const generate = (): void => {
  execFileSync(process.execPath, [definitions], { cwd: projectRoot, stdio: 'inherit' })
}

const bundleOne = (entryPoint: string, outfile: string): Promise<BuildResult<{ metafile: true }>> =>
  build({
    entryPoints: [`${projectRoot}${entryPoint}`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    target: 'node24',
    minify: true,
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
    absWorkingDir: projectRoot,
  })

const scriptBytes = (result: BuildResult<{ metafile: true }> | undefined): number =>
  Object.entries(result?.metafile.outputs ?? {})
    .filter(([path]) => path.endsWith('.js'))
    .reduce((sum, [, output]) => sum + output.bytes, 0)

if (import.meta.main) {
  mkdirSync(`${projectRoot}dist`, { recursive: true })
  if (process.argv.includes('--if-stale')) await prepare()
  else await Promise.all([bundle(), buildPage()])
}
