/** Returns what a JSON text says: its members in one order, each number as its digits. */
export const exactly = (text: string): unknown =>
  JSON.parse(text, ((_: string, value: unknown, context: { source?: string }) => {
    if (typeof value === 'number') return `#${context.source}`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  }) as Parameters<typeof JSON.parse>[1])
