/** Stands for `node:process` in the bundles: as a module, that one works out all that can be asked of a process, which a cold start would wait for. */

const { env, versions } = globalThis.process

export { env, versions }
