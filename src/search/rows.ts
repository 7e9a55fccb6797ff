/** Returns the row of a table that has this name; a name that every object knows, such as `constructor`, is none. */
export const rowNamed = <T>(rows: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  rows && Object.hasOwn(rows, name) ? rows[name] : undefined
