/** Stands for `node:http` in the bundles: as a module, that one brings the whole of `fetch` with it, which a cold start would wait for. */

const http = process.getBuiltinModule('node:http')
const { Agent, request, STATUS_CODES } = http

export { Agent, http as default, request, STATUS_CODES }
