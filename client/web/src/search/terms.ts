import type { SearchParams } from 'fhir-kit-client'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const isoDate = /^\d{4}(-\d{2}(-\d{2}(,\d{4}-\d{2}-\d{2})?)?)?$/
const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/
const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/
const worded = /\b(\d{1,2}) ([a-z]{3})[a-z]* (\d{4})\b/i

const pad = (text: string | undefined): string => (text ?? '').padStart(2, '0')

/** Writes `31 May 1962` and `31.5.1962` as 1962-05-31, so that a date stays one word. */
const datesAsWritten = (text: string): string =>
  text.replace(worded, (all, day: string, month: string, year: string) => {
    const index = months.indexOf(month.toLowerCase())
    return index < 0 ? all : `${year}-${pad(String(index + 1))}-${pad(day)}`
  })

const iso = (year: string | undefined, month: string | undefined, day: string | undefined): string[] =>
  Number(month) <= 12 ? [`${year}-${pad(month)}-${pad(day)}`] : []

/** `3/4/1999` is March to some and April to others: both are looked for. */
const isoOf = (word: string): string => {
  const [, day, month, year] = dotted.exec(word) ?? []
  if (year) return `${year}-${pad(month)}-${pad(day)}`
  const [, first, second, at] = slashed.exec(word) ?? []
  return at ? [...new Set([...iso(at, first, second), ...iso(at, second, first)])].join() || word : word
}

const year = (word: string): boolean => /^(18|19|20)\d{2}$/.test(word)
const isBirthDate = (word: string): boolean => isoDate.test(word) && (word.length > 4 || year(word))
const isIdentifier = (word: string): boolean => /\d/.test(word) && word.length >= 3

/** FHIR's separators inside a value, which a searcher means as themselves. */
const escaped = (word: string): string => word.replace(/[\\,$|]/g, (sign) => `\\${sign}`)

/**
 * Turns what is typed into search parameters: dates are birth dates, words with digits identifiers, other words
 * names, all of which must match. Returns undefined when nothing is asked.
 */
export const patientQuery = (text: string): SearchParams | undefined => {
  const words = datesAsWritten(text).trim().split(/\s+/).filter(Boolean).map(isoOf)
  if (words.length === 0) return undefined
  const birthdate = words.filter(isBirthDate)
  const identifier = words.filter((word) => !isBirthDate(word) && isIdentifier(word))
  const name = words.filter((word) => !isBirthDate(word) && !isIdentifier(word))
  return {
    ...(name.length > 0 ? { name: name.map((word) => escaped(word.replace(/,$/, ''))) } : {}),
    ...(birthdate.length > 0 ? { birthdate } : {}),
    ...(identifier.length > 0 ? { identifier: identifier.map(escaped) } : {}),
  }
}
