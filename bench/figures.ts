/** One thing that was measured: what it is, the numbers as they came, and what it should be at the most or at the least. */
export interface Figure {
  name: string
  value: number
  unit: string
  aim?: { atMost: number } | { atLeast: number }
}

/** Figures that belong together, under one heading, with a sentence on how they came about. */
export interface Section {
  title: string
  note: string
  columns: readonly string[]
  rows: readonly (readonly (string | number)[])[]
  figures: readonly Figure[]
}

/** Returns the value below which a share of the samples lies. */
export const quantile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Returns the sample in the middle. */
export const median = (samples: readonly number[]): number => quantile(samples, 0.5)

/** Returns the mean. */
export const mean = (samples: readonly number[]): number =>
  samples.reduce((sum, sample) => sum + sample, 0) / samples.length

/** Returns a number with as many digits as it deserves: three that count. */
export const rounded = (value: number): string => {
  if (!Number.isFinite(value)) return '-'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}

const verdict = ({ value, aim }: Figure): string => {
  if (!aim) return ''
  const [met, text] =
    'atMost' in aim ? [value <= aim.atMost, `≤ ${aim.atMost}`] : [value >= aim.atLeast, `≥ ${aim.atLeast}`]
  return `${text} ${met ? 'met' : 'MISSED'}`
}

const cell = (value: string | number): string => (typeof value === 'number' ? rounded(value) : value)

/** Returns rows as Markdown's table, which also reads well in a terminal. */
export const table = (
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string => {
  const cells = [columns, ...rows].map((row) => row.map(cell))
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)))
  const pad = (text: string, i: number): string =>
    i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)
  const line = (row: readonly string[]): string => `| ${row.map(pad).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? `-${'-'.repeat(width)}-` : `-${'-'.repeat(width)}:`)).join('|')}|`
  const [head = [], ...body] = cells
  return [line(head), rule, ...body.map(line)].join('\n')
}

/** Returns a section as text. */
export const sectionText = ({ title, note, columns, rows }: Section): string =>
  `## ${title}\n\n${note}\n\n${table(columns, rows)}\n`

/** Returns the figures that have an aim, and whether they meet it. */
export const aimsText = (sections: readonly Section[]): string => {
  const aimed = sections.flatMap(({ figures }) => figures).filter(({ aim }) => aim)
  return `## Aims\n\n${table(
    ['figure', 'value', 'aim'],
    aimed.map((figure) => [figure.name, `${rounded(figure.value)} ${figure.unit}`, verdict(figure)]),
  )}\n`
}
