import { execFile } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '../../../src/local/template/template.ts'

/** A browser to start: its program, and the environment that it needs. */
export interface Browser {
  executablePath: string
  env: Record<string, string>
}

/** Explains how to get a browser. */
export const remedy =
  'There is no browser for the tests of the page. Install Chrome or Chromium, or set CHROMIUM to the path of one. On Linux x64 `npm ci` brings one: run it without --omit=dev.'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome.exe']

const folders = [
  ...(process.env.PATH ?? '').split(delimiter),
  '/Applications/Google Chrome.app/Contents/MacOS',
  '/Applications/Chromium.app/Contents/MacOS',
  ...['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) =>
    process.env[name] ? [join(process.env[name], 'Google', 'Chrome', 'Application')] : [],
  ),
]

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Returns the path of an installed Chrome or Chromium; the one that CHROMIUM names goes first. */
const installed = (): string | undefined =>
  [
    ...(process.env.CHROMIUM ? [process.env.CHROMIUM] : []),
    ...folders.flatMap((folder) => [...names, 'Google Chrome', 'Chromium'].map((name) => join(folder, name))),
  ].find(isProgram)

/** Returns the version of the browser that npm brought, where it runs on this machine. */
const packaged = (): string | undefined => {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') return undefined
  try {
    const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
    return JSON.parse(readFileSync(join(entry, '../../../package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

/** Whether this machine has a browser, installed or from npm. */
export const hasBrowser = installed() !== undefined || packaged() !== undefined

const unpack = "import('@sparticuz/chromium').then((module) => module.default.executablePath())"

/**
 * Returns the folder that the packaged browser is unpacked in. The package unpacks to the temporary folder, and takes a
 * file that another process still writes for a whole one: so each process has a folder of its own, and renames it.
 */
const unpacked = async (version: string): Promise<string> => {
  const parent = writable(`${projectRoot}node_modules/.cache`) ?? tmpdir()
  const folder = join(parent, `pilotlight-chromium-${version}`)
  if (existsSync(folder)) return folder
  const staging = mkdtempSync(`${folder}-`)
  await promisify(execFile)(process.execPath, ['-e', unpack], {
    cwd: projectRoot,
    // On this runtime of Lambda's the package unpacks the libraries that a machine without a desktop lacks.
    env: { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
  })
  writeFileSync(join(staging, 'fonts', 'fonts.conf'), fontsIn(folder))
  try {
    renameSync(staging, folder)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** https://www.freedesktop.org/software/fontconfig/fontconfig-user.html */
const fontsIn = (folder: string): string =>
  `<?xml version="1.0"?><fontconfig><dir>${escaped(folder)}/fonts</dir><cachedir>${escaped(folder)}/fonts-cache</cachedir></fontconfig>`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const writable = (path: string): string | undefined => {
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.W_OK)
    return path
  } catch {
    return undefined
  }
}

const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

/** Returns the browser to test the page in; fails with the remedy where there is none. */
export const findBrowser = async (): Promise<Browser> => {
  const own = installed()
  if (own) return { executablePath: own, env: environment() }
  const version = packaged()
  if (!version) throw new Error(remedy)
  const folder = await unpacked(version)
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
  const fonts = existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: join(folder, 'fonts') }
  return {
    executablePath: join(folder, 'chromium'),
    env: { ...environment(), LD_LIBRARY_PATH: libraries, ...fonts },
  }
}
