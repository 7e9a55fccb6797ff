/** Chains and `_has`: clauses about resources that a reference leads to or comes from. */

import type { SearchParameter } from '../../fhir/definitions.ts'
import { isResourceType, resourceTypes } from '../../fhir/types.ts'
import type { Issue } from '../../outcome/failure.ts'
import { asBundleClause, findsFirstEntry } from '../index/first-entry.ts'
import { searchParameterOf } from '../index/lists.ts'
import type { ChainTarget, Clause } from '../query.ts'
import { modifierNamed } from '../types/index.ts'
import {
  type ClausePart,
  countWays,
  isFollowed,
  isTarget,
  isUsable,
  nameTypes,
  noLink,
  type ParseClause,
  type ParseContext,
  parameterIssue,
  withClause,
  withFirmIssue,
  withIssue,
} from './parse-context.ts'

/** https://hl7.org/fhir/R4/search.html#chaining */
export const parseChain = (
  parseClause: ParseClause,
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  modifier: string | undefined,
  rest: string,
  value: string,
): ClausePart => {
  if (parameter.type !== 'reference')
    return withFirmIssue(
      parameterIssue(
        'unknown-parameter',
        reading,
        name,
        `\`${parameter.code}\` is no reference, so nothing can be chained to it.`,
      ),
    )
  if (modifier !== undefined && !isTarget(parameter, modifier))
    return withIssue(
      parameterIssue(
        'unknown-modifier',
        reading,
        name,
        `\`${parameter.code}\` cannot point to \`${modifier}\`.`,
      ),
    )
  const types = modifier !== undefined ? [modifier] : (parameter.targets ?? resourceTypes)
  return chainTo(parseClause, reading, name, parameter, types, rest, value)
}

/** Contained resources have no lists for custom parameters. */
const withoutOwn = ({ own: _, ...reading }: ParseContext): ParseContext => reading

/** Without a type, the rest of the chain may hold for any target type that has its parameter. */
const chainTo = (
  parseClause: ParseClause,
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  types: readonly string[],
  rest: string,
  value: string,
): ClausePart => {
  const tried = countWays(reading, types) ? types : []
  const inner = findsFirstEntry(parameter) ? withoutOwn(reading) : reading
  const parts = tried.map((type) => ({ type, part: parseClause({ ...inner, type }, rest, value) }))
  if (reading.ways.left < 0)
    return withIssue(
      parameterIssue('too-costly', reading, name, `\`${name}\` is not followed: ${nameTypes}.`),
    )
  const targets: ChainTarget[] = parts.flatMap(({ type, part }) =>
    part.clause ? [{ type, clause: part.clause }] : [],
  )
  if (targets.length > 0)
    return findsFirstEntry(parameter)
      ? intoPart(reading, name, parameter, targets)
      : withClause({ kind: 'chain', parameter, targets })
  const only = types.length === 1 ? parts[0]?.part : undefined
  const issues = only?.issues ?? []
  return issues.length > 0
    ? {
        issues: issues.map((issue) => ({ ...issue, expression: `${reading.type}?${name}` })),
        ...((only?.firm || issues.some(leadsNowhere)) && { firm: true }),
      }
    : withFirmIssue(
        parameterIssue(
          'unknown-parameter',
          reading,
          name,
          `Nothing that \`${parameter.code}\` can point to has the parameter \`${rest}\` with such a value.`,
        ),
      )
}

/** A chain that ends in a name that nobody knows leads nowhere, however much is left out elsewhere. */
const leadsNowhere = ({ kind }: Issue): boolean => kind === 'unknown-parameter'

/** Returns whether a clause holds for a resource without any value of its parameter. */
const matchesAbsence = (clause: Clause): boolean => {
  if (clause.kind === 'missing') return clause.missing
  if (clause.kind === 'value') return modifierNamed(clause.parameter.type, clause.modifier)?.negated === true
  return clause.kind === 'none' || ('clauses' in clause && clause.clauses.some(matchesAbsence))
}

/** A chain needs its link: a Bundle without a Composition is not matched by `composition.type:not` either. */
const requirePart = (parameter: SearchParameter, clause: Clause): Clause =>
  matchesAbsence(clause)
    ? { kind: 'all', clauses: [{ kind: 'missing', parameter, missing: false }, clause] }
    : clause

/** A chain into a part of the resource is matched in the resource, not followed. */
const intoPart = (
  reading: ParseContext,
  name: string,
  parameter: SearchParameter,
  targets: readonly ChainTarget[],
): ClausePart => {
  const clauses = targets.flatMap(({ type, clause }) => asBundleClause(parameter, type, clause) ?? [])
  const [clause] = clauses
  if (clause && clauses.length === 1) return withClause(requirePart(parameter, clause))
  return withFirmIssue(
    parameterIssue(
      'unsupported',
      reading,
      name,
      `\`${parameter.code}\` leads to the first entry of the Bundle, which is searched by the parameters of its elements alone.`,
    ),
  )
}

/** https://hl7.org/fhir/R4/search.html#has */
export const parseHas = (
  parseClause: ParseClause,
  reading: ParseContext,
  name: string,
  value: string,
): ClausePart => {
  const [, type = '', code = '', ...rest] = name.split(':')
  if (!isResourceType(type) || rest.length === 0)
    return withFirmIssue(
      parameterIssue('invalid', reading, name, '`_has` is written `_has:Type:reference:parameter=value`.'),
    )
  const parameter = searchParameterOf(type, code, reading.own)
  const expression = `${reading.type}?${name}`
  if (!parameter || !isFollowed(parameter))
    return withFirmIssue({ ...noLink({ ...reading, type }, name, code, parameter), expression })
  if (parameter.targets && !parameter.targets.includes(reading.type))
    return withFirmIssue(
      parameterIssue(
        'invalid',
        reading,
        name,
        `\`${code}\` of ${type} cannot point to ${reading.type}, but to ${parameter.targets.join(', ')}.`,
      ),
    )
  const { clause, issues, firm } = parseClause({ ...reading, type }, rest.join(':'), value)
  if (!clause || !isUsable(issues))
    return {
      issues: issues.map((issue) => ({ ...issue, expression })),
      ...((firm || issues.some(leadsNowhere)) && { firm: true }),
    }
  return withClause({ kind: 'has', type, parameter, clause })
}
