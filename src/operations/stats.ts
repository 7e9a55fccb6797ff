/** https://hl7.org/fhir/R4/observation-operation-stats.html */

import type { Interaction, Pairs } from '../interactions/call.ts'
import { type Failure, failure } from '../outcome/failure.ts'
import type { Version } from '../store/port.ts'
import { parseKeeping, printKeeping } from '../write/digits.ts'
import { inputOf, type Operation, type OperationDefinition } from './operation.ts'
import { statisticOf, statistics } from './statistics.ts'

const parameter = (name: string, min: number, max: string, type: string) =>
  ({ name, use: 'in', min, max, type }) as const

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Observation-stats',
  code: 'stats',
  resource: ['Observation'],
  affectsState: false,
  type: true,
  instance: false,
  parameter: [
    parameter('subject', 1, '1', 'uri'),
    parameter('code', 0, '*', 'string'),
    parameter('system', 0, '1', 'uri'),
    parameter('coding', 0, '*', 'Coding'),
    parameter('duration', 0, '1', 'decimal'),
    parameter('period', 0, '1', 'Period'),
    parameter('statistic', 1, '*', 'code'),
    parameter('include', 0, '1', 'boolean'),
    parameter('limit', 0, '1', 'positiveInt'),
    { name: 'statistics', use: 'out', min: 1, max: '*', type: 'Observation' },
    { name: 'source', use: 'out', min: 0, max: '*', type: 'Observation' },
  ],
}

interface Coding {
  system?: string
  code?: string
}

interface Quantity {
  value?: string
  unit?: string
  system?: string
  code?: string
}

interface Measured {
  status?: string
  code?: { coding?: Coding[] }
  valueQuantity?: Quantity
  component?: Measured[]
}

const all = (pairs: Pairs, name: string): string[] =>
  pairs.filter(([key]) => key === name).flatMap(([, value]) => value.split(','))
const one = (pairs: Pairs, name: string): string | undefined => pairs.findLast(([key]) => key === name)?.[1]

const missing = (name: string): Failure => failure('required', `\`$stats\` needs \`${name}\`.`)

const codingsOf = (pairs: Pairs): string[] => {
  const system = one(pairs, 'system') ?? ''
  const codes = all(pairs, 'code').map((code) => (code.includes('|') ? code : `${system}|${code}`))
  const codings = [...codes, ...all(pairs, 'coding')].map((text) => text.replace(/^\|/, ''))
  if (codings.length === 0) throw missing('code')
  return codings
}

const wantedOf = (pairs: Pairs): string[] => {
  const codes = all(pairs, 'statistic')
  const offered = [...Object.keys(statistics), 'count', 'total-count']
  const unknown = codes.find((code) => !offered.includes(code))
  if (unknown !== undefined)
    throw failure(
      'invalid',
      `\`${unknown}\` is no statistic that is offered. There are ${offered.join(', ')}.`,
    )
  if (codes.length === 0) throw missing('statistic')
  return codes
}

/** A `duration` is in hours, back from now; a `period` is `start/end` in a URL and a Period in Parameters. */
const datesOf = (pairs: Pairs, now: number): Pairs => {
  const [duration, period] = [one(pairs, 'duration'), one(pairs, 'period')]
  if (duration !== undefined && Number.isNaN(Number(duration)))
    throw failure('invalid', `\`duration=${duration}\` is not a number of hours.`)
  if (duration !== undefined)
    return [['date', `ge${new Date(now - Number(duration) * 3_600_000).toISOString()}`]]
  if (period === undefined) return []
  const { start, end } = periodOf(period)
  return [
    ...(start ? [['date', `ge${start}`] as const] : []),
    ...(end ? [['date', `le${end}`] as const] : []),
  ]
}

const periodOf = (text: string): { start?: string; end?: string } => {
  if (text.startsWith('{')) return JSON.parse(text)
  const [start = '', end = ''] = text.split('/')
  return { start, end }
}

const matches = ({ code }: Measured, wanted: string): boolean => {
  const [code1 = '', system] = wanted.split('|').toReversed()
  return (code?.coding ?? []).some((each) => each.code === code1 && (!system || each.system === system))
}

/** The quantity may be the observation's, or that of a component: a diastolic pressure. */
const quantitiesIn = (measured: Measured, wanted: string): Quantity[] =>
  [measured, ...(measured.component ?? [])].flatMap((part) =>
    matches(part, wanted) && part.valueQuantity?.value !== undefined ? [part.valueQuantity] : [],
  )

const unitOf = ({ system, code, unit }: Quantity): string => (code ? `${system ?? ''}|${code}` : (unit ?? ''))

const digitsOf = ({ value = '' }: Quantity): string => value.replace('\u0000', '')

const statisticsSystem = 'http://terminology.hl7.org/CodeSystem/observation-statistics'

const component = (code: string, value: Quantity) => ({
  code: { coding: [{ system: statisticsSystem, code }] },
  valueQuantity: value,
})

const marked = (text: string): string => `\u0000${text}`

/** Returns the Observation that tells the statistics of one code. */
const summaryOf = (
  wanted: string,
  codes: readonly string[],
  measured: readonly Measured[],
  subject: string,
) => {
  const quantities = measured
    .filter(({ status }) => status !== 'entered-in-error')
    .flatMap((each) => quantitiesIn(each, wanted))
  const units = new Set(quantities.map(unitOf))
  if (units.size > 1)
    throw failure(
      'invariant',
      `\`${wanted}\` was measured in several units (${[...units].join(', ')}), which are not converted.`,
    )
  const { value: _, ...unit } = quantities[0] ?? {}
  const known: Readonly<Record<string, number>> = { count: quantities.length, 'total-count': measured.length }
  const [code = '', system] = wanted.split('|').toReversed()
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ ...(system && { system }), code }] },
    subject: { reference: subject },
    component: codes.flatMap((each) => {
      if (each in known) return [component(each, { value: marked(String(known[each])) })]
      const value = quantities.length > 0 ? statisticOf(each, quantities.map(digitsOf)) : undefined
      return value === undefined ? [] : [component(each, { value: marked(value), ...unit })]
    }),
  }
}

const most = 10_000

const run: Interaction = async (call, context) => {
  const pairs = inputOf(definition, call)
  const subject = one(pairs, 'subject')
  if (!subject) throw missing('subject')
  const [codings, codes] = [codingsOf(pairs), wantedOf(pairs)]
  const dates = datesOf(pairs, context.now())
  const limit = Math.min(Number(one(pairs, 'limit') ?? most), most)
  const parts: string[] = []
  const { findMatching } = await import('../search/search.ts')
  const sources: Version[] = []
  for (const coding of codings) {
    const criteria: Pairs = [['subject', subject], ['combo-code', coding], ...dates, ['_sort', '-date']]
    const found = await findMatching('Observation', criteria, context, limit)
    const measured = found.map(({ text }) => parseKeeping(text) as Measured)
    const summary = printKeeping(summaryOf(coding, codes, measured, subject))
    parts.push(`{"name":"statistics","resource":${summary}}`)
    if (one(pairs, 'include') === 'true') sources.push(...found)
  }
  parts.push(...sources.map(({ text }) => `{"name":"source","resource":${text}}`))
  return { status: 200, text: `{"resourceType":"Parameters","parameter":[${parts.join(',')}]}` }
}

export const statsOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'search', run }
