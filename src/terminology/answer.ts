/** An expansion as it is asked for, https://hl7.org/fhir/R4/valueset-operation-expand.html */

import { parseCanonical } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import { normalise } from '../search/types/string.ts'
import { type Code, codesIn, openSystems } from './expand.ts'
import type { Held } from './held.ts'
import { unclosed } from './judge.ts'
import type { Contained, Designation, ValueSet } from './resources.ts'
import { isA, isAbstract, isInactive } from './system.ts'

/** Which of the codes are wanted, and what of each. */
export interface Wanted {
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

/** Returns the value set with its expansion. Fails with `too-costly` where there are more codes than one answer holds. */
export const expanded = (held: Held, valueSet: ValueSet, wanted: Wanted, now: string): object => {
  const codes = codesIn(held, valueSet).filter((code) => isWanted(code, wanted))
  const paged = pagingOf(wanted)
  const { offset = 0, count } = paged
  const page = count === undefined ? codes.slice(offset) : codes.slice(offset, offset + count)
  if (page.length > mostAtOnce) throw tooMany(page.length)
  const { compose, expansion: _, ...rest } = valueSet
  return {
    ...rest,
    status: rest.status ?? 'active',
    ...(wanted.includeDefinition && compose && { compose }),
    expansion: {
      ...(openSystems(held, valueSet).length > 0 && { extension: [{ url: unclosed, valueBoolean: true }] }),
      identifier: `urn:uuid:${crypto.randomUUID()}`,
      timestamp: now,
      total: codes.length,
      ...((paged.offset !== undefined || count !== undefined) && { offset }),
      parameter: parametersOf(paged, codes),
      contains:
        wanted.excludeNested === false ? nested(held, page, wanted) : page.map((code) => told(code, wanted)),
    },
  }
}

/** Pages are of a flat list; of a nested one only its size can be asked for, and otherwise all is given. */
const pagingOf = (wanted: Wanted): Wanted => {
  if (wanted.excludeNested !== false) return wanted
  const { offset: _, count, ...rest } = wanted
  return count === 0 ? { ...rest, count } : rest
}

const tooMany = (count: number) =>
  failure(
    'too-costly',
    `The expansion has ${count} codes; at most ${mostAtOnce} are given at once. Ask for pages with \`count\` and \`offset\`, or narrow it with \`filter\`.`,
  )

const isWanted = (code: Code, wanted: Wanted): boolean => {
  const { node } = code
  if (wanted.activeOnly && node && isInactive(node)) return false
  if (wanted.excludeNotForUI && node && isAbstract(node)) return false
  if (wanted['exclude-system']?.some((canonical) => isOf(code, canonical))) return false
  return wanted.filter === undefined || isNamed(code, wanted.filter)
}

const isOf = ({ system, version: own }: Code, canonical: string): boolean => {
  const { url, version } = parseCanonical(canonical)
  return url === system && (version === undefined || version === own)
}

/** Every word must stand in the code or in one of its names, however it is written. */
const isNamed = (code: Code, filter: string): boolean => {
  const text = normalise(
    [code.code, code.display, ...designationsOf(code).map(({ value }) => value)].join(' '),
  )
  return normalise(filter)
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const designationsOf = ({ listed, node }: Code): readonly Designation[] => [
  ...(listed?.designation ?? []),
  ...(node?.designations ?? []),
]

const told = (code: Code, wanted: Wanted): Contained => {
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

/** Returns the name of a code in the first of the languages that it has one in, else its usual name. */
export const displayIn = (code: Code, languages: string | undefined): string | undefined => {
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
  ({ designation }: Wanted) =>
  (each: Designation): boolean =>
    !designation?.length ||
    designation.some((text) => {
      const [code, system] = text.split('|').toReversed()
      if (system === undefined || system === 'urn:ietf:bcp:47') return speaks(each, code ?? '')
      return each.use?.system === system && each.use.code === code
    })

/** Each code stands below the nearest code above it that is there too. */
const nested = (held: Held, codes: readonly Code[], wanted: Wanted): readonly Contained[] => {
  const items = new Map(codes.map((code) => [`${code.system}|${code.code}`, { code, below: [] as Code[] }]))
  const top = codes.filter((code) => {
    const above = nearestAbove(held, code, items)
    above?.below.push(code)
    return !above
  })
  const shown = (code: Code): Contained => {
    const below = items.get(`${code.system}|${code.code}`)?.below ?? []
    return { ...told(code, wanted), ...(below.length > 0 && { contains: below.map(shown) }) }
  }
  return top.map(shown)
}

const nearestAbove = <T>(held: Held, code: Code, items: ReadonlyMap<string, T>): T | undefined => {
  const system = held.systems.find(({ url, version }) => url === code.system && version === code.version)
  const way = new Set(code.node?.parents)
  for (const parent of way) {
    const found = items.get(`${code.system}|${parent}`)
    if (found && system && !isA(system, parent, code.code)) return found
    for (const next of system?.nodes.get(parent)?.parents ?? []) way.add(next)
  }
  return undefined
}

type Parameter = { name: string } & Record<`value${string}`, unknown>

const parametersOf = (wanted: Wanted, codes: readonly Code[]): readonly Parameter[] => {
  const given = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : spelt(name, value),
  )
  const used = new Set(
    codes.map(({ system, version }) => (version === undefined ? system : `${system}|${version}`)),
  )
  return [...given, ...[...used].map((canonical) => ({ name: 'used-codesystem', valueUri: canonical }))]
}

const spelt = (name: string, value: unknown): readonly Parameter[] => {
  if (typeof value === 'boolean') return [{ name, valueBoolean: value }]
  if (typeof value === 'number') return [{ name, valueInteger: value }]
  const all = (Array.isArray(value) ? value : [value]).map(String)
  return all.map((text) => (name.includes('-') ? { name, valueUri: text } : { name, valueString: text }))
}
