/** Everything that writes: it is loaded together, by the first request that needs any of it. */

export { commit } from './commit.ts'
export { define } from './definitions.ts'
export { hold, release } from './hold.ts'
export { note, recall } from './once.ts'
