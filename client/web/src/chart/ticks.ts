import { clockText } from '../../../clinical/time.ts'

const day = 86_400_000

const month = new Intl.DateTimeFormat('en-GB', { month: 'short' })
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const year = (at: number): string => String(new Date(at).getFullYear())

/** What a tick says, and beneath it what is said once until it changes. */
type Level = readonly [own: (at: number) => string, beneath: (at: number) => string]

const levelOf = (step: number): Level => {
  if (step >= 364 * day) return [year, () => '']
  if (step >= 27 * day) return [(at) => month.format(at), year]
  if (step >= day) return [(at) => dayMonth.format(at), year]
  return [(at) => clockText(at), (at) => dayMonthYear.format(at)]
}

/** Returns the labels of a time axis: dates as they are read, never as bare numbers that could be months or days. */
export const tickLabels = (ticks: readonly number[], step: number): string[] => {
  const [own, beneath] = levelOf(step)
  return ticks.map((at, index) => {
    const said = index > 0 ? beneath(ticks[index - 1] ?? 0) : undefined
    const next = beneath(at)
    return next === '' || next === said ? own(at) : `${own(at)}\n${next}`
  })
}
