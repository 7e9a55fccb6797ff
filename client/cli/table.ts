/** Returns lines of columns, each as wide as its widest cell; the last one is as long as it is. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0)))
        .join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}

const width = (text: string): number => [...text].length
const padded = (text: string, to: number): string => text + ' '.repeat(to - width(text))

const bars = [...'▁▂▃▄▅▆▇█']

/** Returns a line of bars, the lowest value's the shortest and the highest's the longest; equal values are in the middle. */
export const trendLine = (values: readonly number[], points = 24): string => {
  const shown = values.slice(-points)
  const low = Math.min(...shown)
  const span = Math.max(...shown) - low
  return shown.map((value) => bars[span === 0 ? 3 : Math.round(((value - low) / span) * 7)]).join('')
}
