import type { Bundle, BundleEntry } from 'fhir/r4.js'
import { InputFailure } from '../input/text.ts'
import { issuesOf, reasonsOf } from '../reasons.ts'

/** A reason why something was not loaded, and the entry that it is about. */
export interface Reason {
  place: string
  text: string
}

const isRefused = ({ response }: BundleEntry): boolean => Number.parseInt(response?.status ?? '0', 10) >= 400

/** Returns the reasons of a batch's entries that were refused. */
export const entryReasons = ({ entry = [] }: Bundle, places: readonly string[]): Reason[] =>
  entry.flatMap((each, index) => {
    if (!isRefused(each)) return []
    const issues = [...new Set(issuesOf(each.response?.outcome))].join(' ')
    return [
      { place: places[index] ?? `Bundle.entry[${index}]`, text: `${each.response?.status} ${issues}`.trim() },
    ]
  })

/** Returns the number of a response's entries that were not refused. */
export const doneIn = ({ entry = [] }: Bundle): number => entry.filter((each) => !isRefused(each)).length

const placed = (line: string, places: readonly string[]): Reason => {
  const found = /^Bundle\.entry\[(\d+)\](?:\.resource(?:\.|$))?:? ?(.*)$/s.exec(line)
  const place = found && places[Number(found[1])]
  return place ? { place, text: found[2] ?? '' } : { place: '', text: line }
}

/** Returns the reasons why a part failed as a whole, each with its entry where one is named. */
export const failureReasons = (error: unknown, places: readonly string[]): Reason[] => {
  if (error instanceof InputFailure) return [{ place: '', text: error.reason }]
  return reasonsOf(error).map((line) => placed(line, places))
}

const morePlaces = (places: readonly string[]): string => {
  const shown = places.slice(1, 4).join(', ')
  return `${shown}${places.length > 4 ? ` and ${places.length - 4} more` : ''}`
}

/** Returns a line for each reason, which comes once however many entries it is about. */
export const reasonLines = (reasons: readonly Reason[]): string[] => {
  const groups = new Map<string, string[]>()
  for (const { place, text } of reasons) {
    const places = groups.get(text) ?? []
    if (!places.includes(place)) groups.set(text, [...places, place])
  }
  return [...groups].map(([text, places]) => {
    const line = places[0] === '' ? text : `${places[0]}: ${text}`
    return places.length > 1 ? `${line} (The same for ${morePlaces(places)}.)` : line
  })
}
