/**
 * Replaces `node:process` in the bundles: imported as a module, the original computes every property of the process, at
 * the cost of every cold start.
 */

const { env, versions } = globalThis.process

export { env, versions }
