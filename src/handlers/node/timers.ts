/** Stands for `node:timers` in the bundles: as a module, that one loads web streams too, which a cold start would wait for. */

const { setTimeout, clearTimeout } = globalThis

export { clearTimeout, setTimeout }
