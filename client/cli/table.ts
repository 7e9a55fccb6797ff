import stringWidth from 'string-width'
import { endsOf, periodText } from '../clinical/time.ts'

/** The widest column of texts, in columns of the terminal; `--json` gives the whole text. */
const widestText = 60

/**
 * Returns a line for each row, with the columns in line. A text with spaces is cut to 60 columns, so that a long name does
 * not push its row out of line; ids and addresses are whole, and so is the last column.
 */
export const table = (rows: readonly (readonly string[])[]): string => {
  const lines = rows.map((row) => row.map(onOneLine))
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((row) => columnsOf(row[column] ?? '')), 0),
  )
  return lines
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0)))
        .join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}

const columnsOf = (cell: string): number =>
  cell.includes(' ') ? Math.min(width(cell), widestText) : width(cell)

/** A text from a server may have lines of its own, and what a terminal takes for commands. */
const onOneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')

/** A terminal gives two columns to `山` and none to what joins a letter. */
const width = (text: string): number => stringWidth(text)
const padded = (text: string, to: number): string => {
  const cut = cutTo(text, to)
  return cut + ' '.repeat(Math.max(to - width(cut), 0))
}

const letters = new Intl.Segmenter()

/** Returns a text of at most so many columns; the last one is `…` where letters are left out. */
const cutTo = (text: string, to: number): string => {
  if (width(text) <= to) return text
  let cut = ''
  for (const { segment } of letters.segment(text)) {
    if (width(cut + segment) >= to) break
    cut += segment
  }
  return `${cut}…`
}

const bars = [...'▁▂▃▄▅▆▇█']

/** Returns a line of bars, the lowest value's the shortest and the highest's the longest; equal values are in the middle. */
export const trendLine = (values: readonly number[], points = 24): string => {
  const shown = values.slice(-points)
  const low = Math.min(...shown)
  const span = Math.max(...shown) - low
  return shown.map((value) => bars[span === 0 ? 3 : Math.round(((value - low) / span) * 7)]).join('')
}

/** Returns a FHIR time as it was given, minutes and offset included: `2026-03-01 09:30 +01:00`; both ends of a period. */
export const timeText = (time: string): string => {
  const ends = endsOf(time)
  if (ends) return periodText(ends, (each = '') => timeText(each))
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:\d\d)$/.exec(time)
  return match ? `${match[1]} ${match[2]} ${match[3] === 'Z' ? '+00:00' : match[3]}` : time
}
