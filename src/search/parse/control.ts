/** Parameters that say how results are given, https://hl7.org/fhir/R4/search.html#return */

import { isResourceType } from '../../fhir/types.ts'
import type { Issue } from '../../outcome/failure.ts'
import { searchParameterOf } from '../index/lists.ts'
import type { Inclusion, Query, SortKey } from '../query.ts'
import { rulesOfType } from '../types/index.ts'
import { complaint, isFollowed, noLink, type Reading, unknownParameter } from './reading.ts'

export const defaultCount = 50
export const mostCount = 1000

/** How results are given where nothing else is said. */
export const defaultControl: Omit<Query, 'type' | 'base' | 'clauses' | 'selfPairs'> = {
  sort: [],
  count: defaultCount,
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

type Control = (reading: Reading, name: string, value: string) => ControlPart

const good = (control: Partial<Query>): ControlPart => ({ control, issues: [] })
const bad = (issue: Issue): ControlPart => ({ issues: [issue] })

const oneOf =
  (values: readonly string[], control: (value: string) => Partial<Query>): Control =>
  (reading, name, value) =>
    values.includes(value)
      ? good(control(value))
      : bad(
          complaint(
            'invalid',
            reading,
            name,
            `\`${value}\` is no value of \`${name}\`. It takes ${values.map((each) => `\`${each}\``).join(', ')}.`,
          ),
        )

const count: Control = (reading, name, value) => {
  if (!/^\d{1,9}$/.test(value))
    return bad(complaint('invalid', reading, name, `\`_count\` takes a whole number, not \`${value}\`.`))
  const wanted = Math.min(Number(value), mostCount)
  return good(wanted === 0 ? { count: 0, countOnly: true } : { count: wanted })
}

const sort: Control = (reading, name, value) => {
  const written = value.split(',').filter((key) => key !== '')
  const keys = [...new Set(written.length > 0 ? written : [value])].map((key) => sortKey(reading, name, key))
  const issues = keys.filter((key) => 'severity' in key)
  return issues.length > 0 ? { issues } : good({ sort: keys.filter((key) => 'parameter' in key) })
}

const sortKey = (reading: Reading, name: string, key: string): SortKey | Issue => {
  const descending = key.startsWith('-')
  const code = descending ? key.slice(1) : key
  const parameter = searchParameterOf(reading.type, code, reading.own)
  if (!parameter) return unknownParameter(reading, name, code)
  if (!rulesOfType(parameter.type)?.sortKeys)
    return complaint(
      'unsupported',
      reading,
      name,
      `\`${code}\` has no order, so nothing can be sorted by it.`,
    )
  return { parameter, descending }
}

const inclusion =
  (member: 'includes' | 'revincludes'): Control =>
  (reading, name, value) => {
    const iterate = /:(iterate|recurse)$/.test(name)
    if (name.includes(':') && !iterate)
      return bad(
        complaint(
          'unknown-modifier',
          reading,
          name,
          `\`${name}\` has an unknown modifier; \`:iterate\` is known.`,
        ),
      )
    const found = readInclusion(reading, name, value, iterate)
    return 'severity' in found ? bad(found) : good({ [member]: [found] })
  }

const readInclusion = (
  reading: Reading,
  name: string,
  value: string,
  iterate: boolean,
): Inclusion | Issue => {
  const [type = '', code = '', target, ...rest] = value.split(':')
  if (value === '*') return { type: '*', code: '*', iterate }
  if (!isResourceType(type) || rest.length > 0 || (target !== undefined && !isResourceType(target)))
    return complaint(
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
const passed: Control = () => good({})

/** Known to R4, and no part of this server: refused rather than ignored. */
const refused: Control = (reading, name) =>
  bad(complaint('unsupported', reading, name, `\`${name}\` is not supported by this server.`))

export const controls: Readonly<Record<string, Control>> = {
  _count: count,
  _sort: sort,
  _include: inclusion('includes'),
  _revinclude: inclusion('revincludes'),
  _total: oneOf(['none', 'estimate', 'accurate'], (total) => ({ total: total as Query['total'] })),
  _summary: oneOf(['true', 'false', 'text', 'data', 'count'], (value) =>
    value === 'count' ? { countOnly: true } : {},
  ),
  _contained: oneOf(['false', 'true', 'both'], (value) => ({ contained: value as Query['contained'] })),
  _containedType: oneOf(['container', 'contained'], (value) => ({
    containedType: value as Query['containedType'],
  })),
  _elements: passed,
  _format: passed,
  _pretty: passed,
  _explain: oneOf(['true', 'false'], (value) => ({ explain: value === 'true' })),
  _cursor: (_, __, value) => good({ cursor: value }),
  _query: refused,
}

/** Parameters of which a second one would undo the first. */
export const onlyOnce: ReadonlySet<string> = new Set([
  '_count',
  '_total',
  '_summary',
  '_explain',
  '_cursor',
  '_contained',
  '_containedType',
])
