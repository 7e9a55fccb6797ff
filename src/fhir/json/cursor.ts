/** Returns a cursor's parts as the opaque text that a client sends back: base64url of their JSON. */
export const encodeCursor = (parts: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url')

/** Returns a cursor's parts; an empty list if the text is not a cursor. The types of the parts are the caller's to check. */
export const decodeCursor = (text: string): readonly unknown[] => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}
