/** JSON objects put together from stored texts, which are never re-serialised. */

/** A member of an element: a value to be written as JSON, or a text that is JSON already. */
type Members = Readonly<Record<string, unknown>>

/** JSON text to be taken as it is. */
export interface Raw {
  raw: string
}

/** Returns a mark that the text is JSON already. */
export const raw = (text: string): Raw => ({ raw: text })

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && 'raw' in value

const memberText = ([name, value]: [string, unknown]): string =>
  `${JSON.stringify(name)}:${isRaw(value) ? value.raw : JSON.stringify(value)}`

/** Returns the JSON text of an object; members that are undefined are left out. */
export const objectText = (members: Members): string =>
  `{${Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(memberText)
    .join(',')}}`
