/**
 * The expansion of a value set as `$expand` returns it,
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */

import { parseCanonical } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import { normaliseString } from '../../search/types/string.ts'
import type { Designation, ExpansionEntry, ValueSetResource } from '../resources.ts'
import { isAbstract, isInactive, isSameOrBelow } from '../systems/graph.ts'
import { unclosed } from './compose.ts'
import { codesOfValueSet, type ExpandedCode, incompleteSystems } from './expand.ts'
import type { LoadedTerminology } from './loaded.ts'

/** The parameters of `$expand` beside the value set: the codes to return, and the properties of each. */
export interface ExpansionOptions {
  filter?: string
  offset?: number
  count?: number
  activeOnly?: boolean
  includeDesignations?: boolean
  /** Languages, or uses as `system|code`, of the designations that are wanted. */
  designation?: readonly string[]
  includeDefinition?: boolean
  /** `false` asks for codes below codes. */
  excludeNested?: boolean
  excludeNotForUI?: boolean
  'exclude-system'?: readonly string[]
  displayLanguage?: string
  'system-version'?: readonly string[]
  'check-system-version'?: readonly string[]
  'force-system-version'?: readonly string[]
}

/** Larger answers are paged. */
export const mostAtOnce = 10_000

/** Returns the value set with its expansion. Fails with `too-costly` above `mostAtOnce` codes in one page. */
export const expanded = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
  wanted: ExpansionOptions,
  now: string,
): object => {
  const codes = codesOfValueSet(held, valueSet).filter((code) => isIncluded(code, wanted))
  const paged = pagingOf(wanted)
  const { offset = 0, count } = paged
  const page = count === undefined ? codes.slice(offset) : codes.slice(offset, offset + count)
  if (page.length > mostAtOnce) throw tooManyAtOnce(page.length)
  const { compose, expansion: _, ...rest } = valueSet
  return {
    ...rest,
    status: rest.status ?? 'active',
    ...(wanted.includeDefinition && compose && { compose }),
    expansion: {
      ...(incompleteSystems(held, valueSet).length > 0 && {
        extension: [{ url: unclosed, valueBoolean: true }],
      }),
      identifier: `urn:uuid:${crypto.randomUUID()}`,
      timestamp: now,
      total: codes.length,
      ...((paged.offset !== undefined || count !== undefined) && { offset }),
      parameter: expansionParametersOf(paged, codes),
      contains:
        wanted.excludeNested === false
          ? nested(held, page, wanted)
          : page.map((code) => containsElement(code, wanted)),
    },
  }
}

/**
 * Pages apply to a flat list. A nested expansion is complete, except with `count=0`, which returns only the
 * total.
 */
const pagingOf = (wanted: ExpansionOptions): ExpansionOptions => {
  if (wanted.excludeNested !== false) return wanted
  const { offset: _, count, ...rest } = wanted
  return count === 0 ? { ...rest, count } : rest
}

const tooManyAtOnce = (count: number) =>
  failure(
    'too-costly',
    `The expansion has ${count} codes; at most ${mostAtOnce} are given at once. Ask for pages with \`count\` and \`offset\`, or narrow it with \`filter\`.`,
  )

const isIncluded = (code: ExpandedCode, wanted: ExpansionOptions): boolean => {
  const { node } = code
  if (wanted.activeOnly && node && isInactive(node)) return false
  if (wanted.excludeNotForUI && node && isAbstract(node)) return false
  if (wanted['exclude-system']?.some((canonical) => isOfSystem(code, canonical))) return false
  return wanted.filter === undefined || matchesFilterText(code, wanted.filter)
}

const isOfSystem = ({ system, version: own }: ExpandedCode, canonical: string): boolean => {
  const { url, version } = parseCanonical(canonical)
  return url === system && (version === undefined || version === own)
}

/** Every word of the filter must occur in the code or in a name of the code; case and accents are ignored. */
const matchesFilterText = (code: ExpandedCode, filter: string): boolean => {
  const text = normaliseString(
    [code.code, code.display, ...designationsOf(code).map(({ value }) => value)].join(' '),
  )
  return normaliseString(filter)
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const designationsOf = ({ listed, node }: ExpandedCode): readonly Designation[] => [
  ...(listed?.designation ?? []),
  ...(node?.designations ?? []),
]

const containsElement = (code: ExpandedCode, wanted: ExpansionOptions): ExpansionEntry => {
  const { system, version, node } = code
  const display = displayIn(code, wanted.displayLanguage)
  const designation = wanted.includeDesignations ? designationsOf(code).filter(isAsked(wanted)) : []
  return {
    system,
    ...(node && isAbstract(node) && { abstract: true }),
    ...(node && isInactive(node) && { inactive: true }),
    ...(version !== undefined && { version }),
    code: code.code,
    ...(display !== undefined && { display }),
    ...(designation.length > 0 && { designation }),
  }
}

/** Returns the name of a code in the first language that has a name, else its usual name. */
export const displayIn = (code: ExpandedCode, languages: string | undefined): string | undefined => {
  for (const language of languages?.split(',') ?? []) {
    const tag = language.split(';')[0]?.trim() ?? ''
    const found = designationsOf(code).find((designation) => speaks(designation, tag))
    if (found) return found.value
  }
  return code.display
}

/** `de` is spoken where `de-CH` is asked for, and where `de` is asked for `de-CH` will do. */
const speaks = ({ language = '' }: Designation, tag: string): boolean => {
  const [a, b] = [language.toLowerCase(), tag.toLowerCase()]
  return a !== '' && (a === b || a.startsWith(`${b}-`) || b.startsWith(`${a}-`))
}

const isAsked =
  ({ designation }: ExpansionOptions) =>
  (each: Designation): boolean =>
    !designation?.length ||
    designation.some((text) => {
      const [code, system] = text.split('|').toReversed()
      if (system === undefined || system === 'urn:ietf:bcp:47') return speaks(each, code ?? '')
      return each.use?.system === system && each.use.code === code
    })

/** Nests each code below its nearest ancestor on the page. */
const nested = (
  held: LoadedTerminology,
  codes: readonly ExpandedCode[],
  wanted: ExpansionOptions,
): readonly ExpansionEntry[] => {
  const items = new Map(
    codes.map((code) => [`${code.system}|${code.code}`, { code, below: [] as ExpandedCode[] }]),
  )
  const top = codes.filter((code) => {
    const above = nearestAbove(held, code, items)
    above?.below.push(code)
    return !above
  })
  const shown = (code: ExpandedCode): ExpansionEntry => {
    const below = items.get(`${code.system}|${code.code}`)?.below ?? []
    return { ...containsElement(code, wanted), ...(below.length > 0 && { contains: below.map(shown) }) }
  }
  return top.map(shown)
}

const nearestAbove = <T>(
  held: LoadedTerminology,
  code: ExpandedCode,
  items: ReadonlyMap<string, T>,
): T | undefined => {
  const system = held.systems.find(({ url, version }) => url === code.system && version === code.version)
  const way = new Set(code.node?.parents)
  for (const parent of way) {
    const found = items.get(`${code.system}|${parent}`)
    if (found && system && !isSameOrBelow(system, parent, code.code)) return found
    for (const next of system?.nodes.get(parent)?.parents ?? []) way.add(next)
  }
  return undefined
}

type ExpansionParameter = { name: string } & Record<`value${string}`, unknown>

const expansionParametersOf = (
  wanted: ExpansionOptions,
  codes: readonly ExpandedCode[],
): readonly ExpansionParameter[] => {
  const given = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : spelt(name, value),
  )
  const used = new Set(
    codes.map(({ system, version }) => (version === undefined ? system : `${system}|${version}`)),
  )
  return [...given, ...[...used].map((canonical) => ({ name: 'used-codesystem', valueUri: canonical }))]
}

const spelt = (name: string, value: unknown): readonly ExpansionParameter[] => {
  if (typeof value === 'boolean') return [{ name, valueBoolean: value }]
  if (typeof value === 'number') return [{ name, valueInteger: value }]
  const all = (Array.isArray(value) ? value : [value]).map(String)
  return all.map((text) => (name.includes('-') ? { name, valueUri: text } : { name, valueString: text }))
}
