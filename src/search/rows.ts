/** Returns the row of a table with this name; inherited names such as `constructor` have no row. */
export const rowNamed = <T>(rows: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  rows && Object.hasOwn(rows, name) ? rows[name] : undefined
