// `npm pack` packs the command line alone. The package's description has neither the scripts nor the libraries of the server,
// which are not in it: `prepack` puts it in the place of package.json, and `postpack` puts that back.
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildCommandLine } from './command-line.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const description = join(root, 'package.json')
const kept = join(root, 'dist', 'package.json.kept')

const packed = ({ name, version, license, type, engines, bin, files }) => ({
  name,
  version,
  description: 'A command line for FHIR R4 servers',
  license,
  type,
  engines,
  bin,
  files,
})

if (process.argv[2] === 'restore') {
  if (existsSync(kept)) renameSync(kept, description)
} else {
  await buildCommandLine()
  // A pack that was interrupted has left the short description behind.
  if (existsSync(kept)) renameSync(kept, description)
  copyFileSync(description, kept)
  writeFileSync(
    description,
    `${JSON.stringify(packed(JSON.parse(readFileSync(description, 'utf8'))), null, 2)}\n`,
  )
}
