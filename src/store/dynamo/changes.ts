/** Everything that writes: it is loaded together, by the first request that needs any of it. */

export { commit } from './commit.ts'
export { keepResult, keptResult } from './idempotency.ts'
export { announce } from './index/announcement.ts'
export { define } from './index/definitions.ts'
export { lock, release } from './transaction/lock.ts'
