/** Everything that changes resources: it is loaded together, by the first request that needs any of it. */

export { bundle } from './bundle/bundle.ts'
export { create } from './create.ts'
export { remove } from './delete.ts'
export { patch } from './patch.ts'
export { update } from './update.ts'
