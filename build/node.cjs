// Checks the Node that a script runs on, in words that the oldest Node understands: `-r` loads this file before the script,
// and `--machine` checks only the Node that npm itself runs on. Every script then runs on the one that `npm ci` unpacks.
'use strict'

// biome-ignore lint/style/useNodejsImportProtocol: an old Node does not know the protocol.
var fs = require('fs')
// biome-ignore lint/style/useNodejsImportProtocol: an old Node does not know the protocol.
var path = require('path')

var oldest = [20, 20]
var bundled = path.join(__dirname, '..', 'node_modules', 'node')

/** Returns whether a version is at least another. */
function isAtLeast(version, least) {
  var parts = version.replace(/^v/, '').split('.')
  return Number(parts[0]) > least[0] || (Number(parts[0]) === least[0] && Number(parts[1]) >= least[1])
}

/** Returns the version of the Node that npm runs on, which is the machine's own. */
function machineVersion() {
  var agent = /\bnode\/v?([\d.]+)/.exec(process.env.npm_config_user_agent || '')
  return agent ? agent[1] : process.version
}

/** Returns the reason why a script cannot run here, with the remedy. */
function refusal(machineOnly) {
  var version = machineVersion()
  if (!isAtLeast(version, oldest))
    return (
      'Pilotlight needs Node ' +
      oldest.join('.') +
      ' or later, best Node 24; this machine has ' +
      version.replace(/^v?/, 'v') +
      '. Install Node 24 (https://nodejs.org, or `nvm install 24`), then run `npm ci` again.'
    )
  if (machineOnly) return undefined
  if (!fs.existsSync(bundled)) return 'The dependencies are missing: run `npm ci`.'
  var file = process.platform === 'win32' ? 'node.exe' : 'node'
  if (fs.existsSync(path.join(bundled, 'bin', file))) return undefined
  return 'The Node that Pilotlight runs on was not unpacked, because npm ran no install scripts: run `npm ci --ignore-scripts=false`.'
}

var reason = refusal(process.argv.indexOf('--machine') >= 0)
if (reason) {
  console.error(reason)
  process.exit(1)
}
