/** https://hl7.org/fhir/R4/observation-operation-stats.html */

import { markedDigits, printKeeping } from '../fhir/json/digits.ts'
import { type Failure, failure } from '../outcome/failure.ts'
import type { Dispatch, Interaction, Pairs } from '../request/call.ts'
import { escapeValue } from '../search/parse/escapes.ts'
import type { Version } from '../store/port.ts'
import type { Coding } from '../terminology/resources.ts'
import { type OperationInput, readInput } from './support/input.ts'
import { counts, type Measurements, measurements, type Quantity } from './support/measurements.ts'
import type { Operation, OperationDefinition } from './support/operation.ts'
import { statisticOf, statistics } from './support/statistics.ts'

const statsInput = (name: string, min: number, max: string, type: string) =>
  ({ name, use: 'in', min, max, type }) as const

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Observation-stats',
  code: 'stats',
  resource: ['Observation'],
  affectsState: false,
  type: true,
  instance: false,
  parameter: [
    statsInput('subject', 1, '1', 'uri'),
    statsInput('code', 0, '*', 'string'),
    statsInput('system', 0, '1', 'uri'),
    statsInput('coding', 0, '*', 'Coding'),
    statsInput('duration', 0, '1', 'decimal'),
    statsInput('period', 0, '1', 'Period'),
    statsInput('statistic', 1, '*', 'code'),
    statsInput('include', 0, '1', 'boolean'),
    statsInput('limit', 0, '1', 'positiveInt'),
    { name: 'statistics', use: 'out', min: 1, max: '*', type: 'Observation' },
    { name: 'source', use: 'out', min: 0, max: '*', type: 'Observation' },
  ],
}

interface Period {
  start?: string
  end?: string
}

const commaSeparated = (texts: readonly string[]): string[] => texts.flatMap((text) => text.split(','))

const parameterMissing = (name: string): Failure => failure('required', `\`$stats\` needs \`${name}\`.`, name)

const codingOf = (text: string, system: string | undefined): Coding => {
  const [code = '', own = system] = text.split('|').toReversed()
  return own ? { system: own, code } : { code }
}

const codingsOf = (input: OperationInput): readonly Coding[] => {
  const system = input.text('system')
  const codes = commaSeparated(input.texts('code')).map((text) => codingOf(text, system))
  const codings = [...codes, ...input.objects<Coding>('coding')].filter(({ code }) => code)
  if (codings.length === 0) throw parameterMissing('code')
  return codings
}

const wantedStatistics = (input: OperationInput): string[] => {
  const codes = commaSeparated(input.texts('statistic'))
  const offered = [...Object.keys(statistics), 'count', 'total-count']
  const unknown = codes.find((code) => !offered.includes(code))
  if (unknown !== undefined)
    throw failure(
      'invalid',
      `\`${unknown}\` is no statistic that is offered. There are ${offered.join(', ')}.`,
      'statistic',
    )
  if (codes.length === 0) throw parameterMissing('statistic')
  return codes
}

const maxHours = 1_000_000

/** Returns the period of `period`, or of `duration`, a number of hours back from now. */
const statsPeriod = (input: OperationInput, now: number): Period | undefined => {
  const [duration, period] = [input.text('duration'), input.object<Period>('period')]
  if (duration === undefined) return period
  if (period) throw failure('invalid', 'Give `duration` or `period`, not both.', 'duration')
  const hours = Number(duration)
  if (!(hours > 0 && hours <= maxHours))
    throw failure(
      'invalid',
      `\`duration=${duration}\` is not a number of hours, up to ${maxHours}.`,
      'duration',
    )
  return { start: new Date(now - hours * 3_600_000).toISOString(), end: new Date(now).toISOString() }
}

const datesOf = ({ start, end }: Period): Pairs => [
  ...(start ? [['date', `ge${start}`] as const] : []),
  ...(end ? [['date', `le${end}`] as const] : []),
]

const unitKey = ({ system, code, unit }: Quantity): string =>
  code ? `${system ?? ''}|${code}` : (unit ?? '')

const statisticsSystem = 'http://terminology.hl7.org/CodeSystem/observation-statistics'

const statisticComponent = (code: string, value: Quantity) => ({
  code: { coding: [{ system: statisticsSystem, code }] },
  valueQuantity: value,
})

const marked = (text: string): string => `\u0000${text}`

/** Returns an Observation with the statistics of a code; fails with `invariant` for quantities in several units. */
const statisticsObservation = (
  { coding, quantities, total }: Measurements,
  codes: readonly string[],
  subject: string,
  period: Period | undefined,
) => {
  const units = new Set(quantities.map(unitKey))
  if (units.size > 1)
    throw failure(
      'invariant',
      `\`${coding.code}\` was measured in several units (${[...units].join(', ')}), which are not converted.`,
    )
  const { value: _, ...unit } = quantities[0] ?? {}
  const digits = quantities.flatMap(({ value }) => markedDigits(value) ?? [])
  const known: Readonly<Record<string, number>> = { count: digits.length, 'total-count': total }
  const components = codes.flatMap((each) => {
    if (each in known) return [statisticComponent(each, { value: marked(String(known[each])) })]
    const value = digits.length > 0 ? statisticOf(each, digits) : undefined
    return value === undefined ? [] : [statisticComponent(each, { value: marked(value), ...unit })]
  })
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [coding] },
    subject: { reference: subject },
    ...(period && { effectivePeriod: period }),
    ...(components.length > 0 && { component: components }),
  }
}

const maxStatsObservations = 10_000

const observationsOf = async (
  subject: string,
  { system, code = '' }: Coding,
  dates: Pairs,
  context: Dispatch,
): Promise<Version[]> => {
  const { findMatching } = await import('../search/search.ts')
  const text = `${system === undefined ? '' : `${escapeValue(system)}|`}${escapeValue(code)}`
  const criteria: Pairs = [
    ['subject', escapeValue(subject)],
    ['combo-code', text],
    ...dates,
    ['_sort', '-date'],
  ]
  const found = await findMatching('Observation', criteria, context, maxStatsObservations + 1)
  if (found.length > maxStatsObservations)
    throw failure(
      'too-costly',
      `More than ${maxStatsObservations} observations match. Add \`period\` or \`duration\`.`,
    )
  return found.filter(counts)
}

const runStats: Interaction = async (call, context) => {
  const input = readInput(definition, call)
  const subject = input.text('subject')
  if (!subject) throw parameterMissing('subject')
  const [codings, codes] = [codingsOf(input), wantedStatistics(input)]
  const period = statsPeriod(input, context.now())
  const parts: string[] = []
  const sources = new Map<string, Version>()
  for (const coding of codings) {
    const found = await observationsOf(subject, coding, period ? datesOf(period) : [], context)
    for (const each of await measurements(coding, found, context))
      parts.push(
        `{"name":"statistics","resource":${printKeeping(statisticsObservation(each, codes, subject, period))}}`,
      )
    for (const version of found) sources.set(version.id, version)
  }
  if (input.flag('include')) {
    const shown = [...sources.values()].slice(0, input.whole('limit') ?? maxStatsObservations)
    parts.push(...shown.map(({ text }) => `{"name":"source","resource":${text}}`))
  }
  return { status: 200, text: `{"resourceType":"Parameters","parameter":[${parts.join(',')}]}` }
}

export const statsOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'search',
  run: runStats,
}
