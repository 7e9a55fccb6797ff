/** Returns the JSON text of a resource as a patch changes it; fails where the patch does not apply. */
export type Patcher = (text: string) => string
