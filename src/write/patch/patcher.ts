/** Returns the patched JSON text of a resource; fails if the patch does not apply. */
export type Patcher = (text: string) => string
