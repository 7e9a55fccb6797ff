/** All interactions that change resources: loaded together, by the first request for any of them. */

export { bundle } from './bundle/bundle.ts'
export { create } from './create.ts'
export { deleteInteraction } from './delete.ts'
export { patch } from './patch.ts'
export { update } from './update.ts'
