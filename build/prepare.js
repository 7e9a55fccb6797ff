// npm runs this at the end of `npm ci`: with whatever Node it has and, in a deployment, without the devDependencies.
// So it is plain JavaScript, and does nothing where the tools to build with are absent.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const node = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const tools = [
  node,
  join(modules, 'esbuild'),
  join(modules, 'vite'),
  join(modules, '@medplum', 'definitions'),
]

if (tools.every((path) => existsSync(path))) {
  if (process.platform !== 'win32') {
    linkCommand()
    allowEngine()
  }
  const { buildCommandLine } = await import('./command-line.js')
  await buildCommandLine()
  const { status } = spawnSync(node, [join(root, 'src', 'local', 'build.ts'), '--if-stale'], {
    stdio: 'inherit',
    cwd: root,
  })
  process.exitCode = status ?? 1
}

/** npm links the commands of dependencies, not the project's own: `npx pilotlight` finds this link at once. */
function linkCommand() {
  const link = join(modules, '.bin', 'pilotlight')
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(join('..', '..', 'dist', 'cli', 'pilotlight.mjs'), link)
}

/** The engine's package comes without the right to run it, and another user than the one who installs may not add that. */
function allowEngine() {
  const engines = join(modules, '@dynoxide')
  if (!existsSync(engines)) return
  for (const name of readdirSync(engines)) chmodSync(join(engines, name, 'dynoxide'), 0o755)
}
