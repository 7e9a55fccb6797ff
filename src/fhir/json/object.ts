/** An object of parsed JSON: its members by name. */
export type Json = Record<string, unknown>

/** Returns whether a value of parsed JSON is an object, neither null nor an array. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns the value if it is an object, and an empty object otherwise. */
export const objectOrEmpty = (value: unknown): Json => (isObject(value) ? value : {})
