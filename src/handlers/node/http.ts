/**
 * Replaces `node:http` in the bundles: imported as a module, the original loads all of `fetch`, at the cost of every cold
 * start.
 */

const http = process.getBuiltinModule('node:http')
const { Agent, request, STATUS_CODES } = http

export { Agent, http as default, request, STATUS_CODES }
