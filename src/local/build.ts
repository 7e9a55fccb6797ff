import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type BuildOptions, type BuildResult, build } from 'esbuild'
import { buildCommandLine } from '../../build/command-line.js'
import { projectRoot, readTemplate } from './template/template.ts'

const definitions = 'src/fhir/generate/main.ts'
const generated = 'src/fhir/generated/*'
const pageSources = ['client/{web,clinical}/**/*.*', 'client/*.ts', 'package-lock.json']
const commandLineSources = [
  'client/{cli,clinical}/**/*.ts',
  'client/*.ts',
  'build/command-line.js',
  'package-lock.json',
]
const bundleSources = ['src/**/*.{ts,js}', 'package-lock.json', 'template.transformed.json']

/**
 * Writes the generated R4 knowledge, every function's bundle, the command line and the page, each only when its sources
 * are newer.
 */
export const buildStale = async (): Promise<void> => {
  if (!isFresh(projectRoot, ['src/fhir/generate/**', 'package-lock.json'], [generated])) generateDefinitions()
  const bundles = readTemplate().functions.map((fn) => fn.bundle)
  if (!isFresh(projectRoot, bundleSources, bundles)) await bundleFunctions()
  if (!isFresh(projectRoot, commandLineSources, ['dist/cli/pilotlight.mjs'])) await buildCommandLine()
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

/**
 * Builds each function's package, the folder that the template's `CodeUri` names: the handler and the files it loads. The
 * source maps go to `dist/maps`, since a package holds only the code that the function runs. `exact` removes the files of
 * earlier builds from the packages.
 */
export const bundleFunctions = async ({ exact = false } = {}): Promise<void> => {
  const staging = `${projectRoot}dist/staging-${process.pid}`
  const packages = readTemplate().functions.map((fn) => ({ ...fn, folder: dirname(fn.bundle) }))
  await Promise.all(packages.map((fn) => bundleOne(fn.entryPoint, `${staging}/${fn.folder}`)))
  for (const { folder } of packages) placePackage(staging, folder, exact)
  rmSync(staging, { recursive: true })
}

const placePackage = (staging: string, folder: string, exact: boolean): void => {
  const built = readdirSync(`${staging}/${folder}`)
  const maps = built.filter((name) => name.endsWith('.map'))
  const scripts = built.filter((name) => !maps.includes(name))
  const age = exact ? 0 : keptMilliseconds
  placeFiles(`${staging}/${folder}`, `${projectRoot}dist/maps/${basename(folder)}`, maps, age)
  placeFiles(`${staging}/${folder}`, `${projectRoot}${folder}`, scripts, age)
}

const keptMilliseconds = 24 * 60 * 60 * 1000

/**
 * Moves files to a directory and removes its other files; a running stack still loads scripts of earlier builds that are
 * younger than `age`, in milliseconds.
 */
const placeFiles = (from: string, to: string, names: readonly string[], age: number): void => {
  mkdirSync(to, { recursive: true })
  for (const name of names) renameSync(`${from}/${name}`, `${to}/${name}`)
  const others = readdirSync(to).filter((name) => !names.includes(name))
  for (const path of others.map((name) => `${to}/${name}`))
    if (path.endsWith('.map') || statSync(path).mtimeMs < Date.now() - age) rmSync(path)
}

/** Returns whether every output exists and none is older than any of the inputs; both are globs from the project's root. */
const isFresh = (root: string, inputs: readonly string[], outputs: readonly string[]): boolean => {
  const made = outputs.map((pattern) => modifiedTimes(root, pattern))
  return (
    made.every((group) => group.length > 0) &&
    Math.min(...made.flat()) >= Math.max(...inputs.flatMap((pattern) => modifiedTimes(root, pattern)))
  )
}

const modifiedTimes = (root: string, pattern: string): number[] =>
  globSync(pattern, { cwd: root }).map((path) => statSync(`${root}/${path}`).mtimeMs)

const generateDefinitions = (): void => {
  execFileSync(process.execPath, [definitions], { cwd: projectRoot, stdio: 'inherit' })
}

/** A `require` for the CommonJS parts of the SDK, since ES modules have none; each file makes its own at the first use. */
const requireBanner =
  "import{createRequire as requireOf}from'node:module';const require=name=>requireOf(import.meta.url)(name);"

const bundleOne = (entryPoint: string, outdir: string): Promise<BuildResult> =>
  build({ ...bundleOptions, entryPoints: [`${projectRoot}${entryPoint}`], outdir, sourcemap: 'external' })

/** The options that every function is bundled with. */
export const bundleOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  banner: { js: requireBanner },
  alias: {
    'node:http': './src/handlers/node/http.ts',
    'node:process': './src/handlers/node/process.ts',
    'node:timers': './src/handlers/node/timers.ts',
  },
  mainFields: ['module', 'main'],
  target: 'node24',
  minify: true,
  logLevel: 'warning',
  absWorkingDir: projectRoot,
} satisfies BuildOptions

/** Returns how many bytes of script a bundle loads before its first request. */
export const firstBytes = (bundle: string): number =>
  [...loadedWith(bundle)].reduce((sum, path) => sum + statSync(path).size, 0)

/** Returns the built files that a script loads, directly or through others' imports, except those behind `import()`. */
const loadedWith = (path: string, found = new Set<string>()): ReadonlySet<string> => {
  if (found.has(path)) return found
  found.add(path)
  for (const [, to = ''] of readFileSync(path, 'utf8').matchAll(/\b(?:from|import)"(\.\/[^"]+)"/g))
    loadedWith(join(dirname(path), to), found)
  return found
}

if (import.meta.main) {
  mkdirSync(`${projectRoot}dist`, { recursive: true })
  if (process.argv.includes('--if-stale')) await buildStale()
  else await Promise.all([bundleFunctions({ exact: true }), buildCommandLine(), buildPage()])
}
