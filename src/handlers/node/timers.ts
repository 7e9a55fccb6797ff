/**
 * Replaces `node:timers` in the bundles: imported as a module, the original loads web streams too, at the cost of every
 * cold start.
 */

const { setTimeout, clearTimeout } = globalThis

export { clearTimeout, setTimeout }
