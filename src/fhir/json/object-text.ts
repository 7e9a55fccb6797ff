/** JSON objects made from stored texts, which are copied and never parsed and printed again. */

/** A member of an element: a value to be written as JSON, or a text that is JSON already. */
type ObjectMembers = Readonly<Record<string, unknown>>

/** JSON text that is copied unchanged. */
export interface Raw {
  raw: string
}

/** Marks the text as JSON. */
export const raw = (text: string): Raw => ({ raw: text })

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && 'raw' in value

const writtenMember = ([name, value]: [string, unknown]): string =>
  `${JSON.stringify(name)}:${isRaw(value) ? value.raw : JSON.stringify(value)}`

/** Returns the JSON text of an object; members that are undefined are left out. */
export const objectText = (members: ObjectMembers): string =>
  `{${Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(writtenMember)
    .join(',')}}`
