/** Parameters that say how results are given, https://hl7.org/fhir/R4/search.html#return */

import { isResourceType } from '../../fhir/types.ts'
import type { Issue } from '../../outcome/failure.ts'
import { searchParameterOf } from '../index/lists.ts'
import type { Inclusion, Query, SortKey } from '../query.ts'
import { rulesOfType } from '../types/index.ts'
import { isFollowed, noLink, type ParseContext, parameterIssue, unknownParameter } from './parse-context.ts'

export const defaultPageSize = 50
export const largestPageSize = 1000

/** The defaults for sorting, counting, including and containing. */
export const defaultControl: Omit<Query, 'type' | 'base' | 'clauses' | 'selfPairs'> = {
  sort: [],
  count: defaultPageSize,
  total: 'known',
  countOnly: false,
  includes: [],
  revincludes: [],
  contained: 'false',
  containedType: 'container',
  explain: false,
}

interface ControlPart {
  control?: Partial<Query>
  issues: readonly Issue[]
}

type Control = (reading: ParseContext, name: string, value: string) => ControlPart

const controlled = (control: Partial<Query>): ControlPart => ({ control, issues: [] })
const refusedFor = (issue: Issue): ControlPart => ({ issues: [issue] })

const oneOfControl =
  (values: readonly string[], control: (value: string) => Partial<Query>): Control =>
  (reading, name, value) =>
    values.includes(value)
      ? controlled(control(value))
      : refusedFor(
          parameterIssue(
            'invalid',
            reading,
            name,
            `\`${value}\` is no value of \`${name}\`. It takes ${values.map((each) => `\`${each}\``).join(', ')}.`,
          ),
        )

const countControl: Control = (reading, name, value) => {
  if (!/^\d{1,9}$/.test(value))
    return refusedFor(
      parameterIssue('invalid', reading, name, `\`_count\` takes a whole number, not \`${value}\`.`),
    )
  const wanted = Math.min(Number(value), largestPageSize)
  return controlled(wanted === 0 ? { count: 0, countOnly: true } : { count: wanted })
}

const sortControl: Control = (reading, name, value) => {
  const written = value.split(',').filter((key) => key !== '')
  const keys = [...new Set(written.length > 0 ? written : [value])].map((key) => sortKey(reading, name, key))
  const issues = keys.filter((key) => 'severity' in key)
  return issues.length > 0 ? { issues } : controlled({ sort: keys.filter((key) => 'parameter' in key) })
}

const sortKey = (reading: ParseContext, name: string, key: string): SortKey | Issue => {
  const descending = key.startsWith('-')
  const code = descending ? key.slice(1) : key
  const parameter = searchParameterOf(reading.type, code, reading.own)
  if (!parameter) return unknownParameter(reading, name, code)
  if (!rulesOfType(parameter.type)?.sortKeys)
    return parameterIssue(
      'unsupported',
      reading,
      name,
      `\`${code}\` has no order, so nothing can be sorted by it.`,
    )
  return { parameter, descending }
}

const inclusionControl =
  (member: 'includes' | 'revincludes'): Control =>
  (reading, name, value) => {
    const iterate = /:(iterate|recurse)$/.test(name)
    if (name.includes(':') && !iterate)
      return refusedFor(
        parameterIssue(
          'unknown-modifier',
          reading,
          name,
          `\`${name}\` has an unknown modifier; \`:iterate\` is known.`,
        ),
      )
    const found = readInclusion(reading, name, value, iterate)
    return 'severity' in found ? refusedFor(found) : controlled({ [member]: [found] })
  }

const readInclusion = (
  reading: ParseContext,
  name: string,
  value: string,
  iterate: boolean,
): Inclusion | Issue => {
  const [type = '', code = '', target, ...rest] = value.split(':')
  if (value === '*') return { type: '*', code: '*', iterate }
  if (!isResourceType(type) || rest.length > 0 || (target !== undefined && !isResourceType(target)))
    return parameterIssue(
      'invalid',
      reading,
      name,
      `\`${value}\` is no link to include; write \`Type:parameter\` or \`Type:parameter:Target\`.`,
    )
  const parameter = searchParameterOf(type, code, reading.own)
  if (code !== '*' && !(parameter && isFollowed(parameter)))
    return { ...noLink({ ...reading, type }, name, code, parameter), expression: `${reading.type}?${name}` }
  return { type, code, iterate, ...(target !== undefined && { target }) }
}

/** Understood here, acted upon where the answer is written. */
const ignoredControl: Control = () => controlled({})

/** Known to R4, and no part of this server: refused rather than ignored. */
const refusedControl: Control = (reading, name) =>
  refusedFor(parameterIssue('unsupported', reading, name, `\`${name}\` is not supported by this server.`))

export const controls: Readonly<Record<string, Control>> = {
  _count: countControl,
  _sort: sortControl,
  _include: inclusionControl('includes'),
  _revinclude: inclusionControl('revincludes'),
  _total: oneOfControl(['none', 'estimate', 'accurate'], (total) => ({ total: total as Query['total'] })),
  _summary: oneOfControl(['true', 'false', 'text', 'data', 'count'], (value) =>
    value === 'count' ? { countOnly: true } : {},
  ),
  _contained: oneOfControl(['false', 'true', 'both'], (value) => ({
    contained: value as Query['contained'],
  })),
  _containedType: oneOfControl(['container', 'contained'], (value) => ({
    containedType: value as Query['containedType'],
  })),
  _elements: ignoredControl,
  _format: ignoredControl,
  _pretty: ignoredControl,
  _explain: oneOfControl(['true', 'false'], (value) => ({ explain: value === 'true' })),
  _cursor: (_, __, value) => controlled({ cursor: value }),
  _query: refusedControl,
}

/** Parameters that may be given once: a second value would replace the first. */
export const givenOnce: ReadonlySet<string> = new Set([
  '_count',
  '_total',
  '_summary',
  '_explain',
  '_cursor',
  '_contained',
  '_containedType',
])
