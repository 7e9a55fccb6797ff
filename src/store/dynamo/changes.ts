/** The functions that write, loaded together by the first request that needs any of them. */

export { commitWrites } from './commit.ts'
export { keepResult, keptResult } from './idempotency.ts'
export { putAnnouncement } from './index/announcement.ts'
export { putDefinitions } from './index/definitions.ts'
export { lock, release } from './transaction/lock.ts'
