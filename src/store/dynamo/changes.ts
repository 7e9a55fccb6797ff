/** Everything that writes: it is loaded together, by the first request that needs any of it. */

export { commit } from './commit.ts'
export { keepResult as note, keptResult as recall } from './idempotency.ts'
export { define } from './index/definitions.ts'
export { lock, release } from './transaction/lock.ts'
