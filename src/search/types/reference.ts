/** https://hl7.org/fhir/R4/search.html#reference */

import { isCanonicalKey } from '../../fhir/canonical.ts'
import { containerAt } from '../../fhir/contained.ts'
import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { linkText, parseCanonical, parseLink } from '../../fhir/references.ts'
import { partTypes } from '../links/parts.ts'
import { withoutEscapes } from '../parse/escapes.ts'
import type { ReferenceValue } from '../query.ts'
import type { IndexPlace, Modifier, Reach, SearchRules } from './rules.ts'
import { tokenRules } from './token.ts'

const idPattern = /^[A-Za-z0-9.-]{1,64}$/

/** Returns the target type that a modifier names, or the only target of the parameter. */
const onlyTarget = ({ targets }: SearchParameter, modifier: string): string | undefined =>
  modifier || (targets?.length === 1 ? targets[0] : undefined)

const parseReference = (text: string, parameter: SearchParameter, modifier: string, base: string) => {
  const link = parseLink(text, base)
  const target = onlyTarget(parameter, modifier)
  if (link?.kind === 'local') {
    const fits = !modifier || modifier === link.type
    const version = link.version !== undefined && { version: link.version }
    return fits ? { type: 'reference' as const, target: link.type, id: link.id, ...version } : undefined
  }
  if (link?.kind === 'foreign' || link?.kind === 'urn' || isCanonicalKey(text)) return urlValue(text)
  return idPattern.test(text)
    ? { type: 'reference' as const, id: text, ...(target && { target }) }
    : undefined
}

const urlValue = (text: string): ReferenceValue => {
  const { url, version } = parseCanonical(text)
  return { type: 'reference', url, ...(version !== undefined && { version }) }
}

const matchesReference = (wanted: ReferenceValue, found: TypedValue, base: string): boolean => {
  const text = linkText(found)
  if (text === undefined) return false
  return wanted.url === undefined ? sameResource(wanted, text, base) : sameAddress(wanted, text, base)
}

const sameResource = (wanted: ReferenceValue, text: string, base: string): boolean => {
  const link = parseLink(text, base)
  if (link?.kind !== 'local' || link.id !== wanted.id) return false
  const sameType = wanted.target === undefined || wanted.target === link.type
  return sameType && (wanted.version === undefined || wanted.version === link.version)
}

const sameAddress = (wanted: ReferenceValue, text: string, base: string): boolean => {
  if (parseLink(text, base)?.kind === 'local') return false
  const { url, version } = parseCanonical(text)
  return url === wanted.url && (wanted.version === undefined || wanted.version === version)
}

/** References are listed under the id alone, so that every spelling of a reference reads the same list. */
const listedAddresses = (text: string): readonly string[] => {
  const link = parseLink(text)
  if (link === undefined || link.kind === 'conditional') return []
  if (link.kind === 'contained') return containerAt(text) ? [text] : []
  if (link.kind === 'local') return [link.id]
  return [parseCanonical(text).url, ...(link.kind === 'foreign' && link.id !== undefined ? [link.id] : [])]
}

const identifierOf = ({ value }: TypedValue): TypedValue | undefined =>
  isObject(value) && isObject(value.identifier) ? { type: 'Identifier', value: value.identifier } : undefined

const underIdentifier = (places: readonly IndexPlace[]): readonly IndexPlace[] =>
  places.map((place) =>
    place.kind === 'value' ? { ...place, list: 'identifier', under: ':identifier' } : place,
  )

/** `subject:identifier=system|value` asks for the identifier that stands beside or instead of a link. */
const identifierModifier: Modifier<ReferenceValue> = {
  expects: 'an identifier such as `http://example.org/mrn|12345`',
  parse: (text, parsing) => {
    const wanted = tokenRules.parse(text, parsing)
    return wanted && { type: 'reference', identifier: wanted }
  },
  matches: (wanted, found, base) => {
    const value = identifierOf(found)
    return (
      value !== undefined && wanted.identifier !== undefined && tokenMatches(wanted.identifier, value, base)
    )
  },
  reach: ({ identifier: wanted }) =>
    wanted?.code === undefined
      ? undefined
      : [{ kind: 'value', value: wanted.code, list: 'identifier', under: ':identifier' }],
}

/**
 * `location:below=1` matches references to a location or to any part of the location; the parts are found
 * before the search.
 */
const inReferenceHierarchy: Modifier<ReferenceValue> = {
  expects: 'a link such as `Location/1` or `1` to a resource that can be part of another of its type',
  parse: (text, { parameter, base }) => {
    const types = partTypes(parameter)
    const wanted = parseReference(withoutEscapes(text), parameter, '', base)
    if (wanted?.id === undefined || wanted.url !== undefined) return undefined
    const fits = wanted.target === undefined ? types.length > 0 : types.includes(wanted.target)
    return fits ? wanted : undefined
  },
  matches: () => {
    throw new Error('A hierarchy was judged before it was resolved.')
  },
}

const targetsCanonicals = ({ targets }: SearchParameter): boolean =>
  targets?.some((type) => ['url', 'version'].every((code) => searchParameters(type).has(code))) ?? true

/** `questionnaire:below=http://example.org/q|1` asks for its versions `1.0` and `1.1` too. https://hl7.org/fhir/R4/search.html#versions */
const belowReference: Modifier<ReferenceValue> = {
  expects: `${inReferenceHierarchy.expects}, or a canonical address`,
  parse: (text, parsing) => {
    const wanted = parseReference(withoutEscapes(text), parsing.parameter, '', parsing.base)
    return wanted && 'url' in wanted && targetsCanonicals(parsing.parameter)
      ? wanted
      : inReferenceHierarchy.parse?.(text, parsing)
  },
  matches: ({ url, version }, found) => {
    const { url: own, version: exact = '' } = parseCanonical(linkText(found) ?? '')
    return own === url && (version === undefined || `${exact}.`.startsWith(`${version}.`))
  },
  reach: (wanted) => (wanted.url === undefined ? undefined : referenceReach(wanted)),
}

const tokenMatches: NonNullable<(typeof tokenRules.modifiers)['']>['matches'] = (wanted, found, base) =>
  tokenRules.modifiers['']?.matches(wanted, found, base) ?? false

const referenceReach = ({ id: wanted, url }: ReferenceValue): readonly Reach[] => [
  { kind: 'value', value: url ?? wanted ?? '', list: 'reference' },
]

export const referenceRules: SearchRules<ReferenceValue> = {
  expects: 'a link such as `Patient/123`, `123` or an absolute URL',
  parse: (text, { parameter, modifier, base }) =>
    parseReference(withoutEscapes(text), parameter, modifier, base),
  places: (found) => {
    const text = linkText(found)
    const value = identifierOf(found)
    const links = text === undefined ? [] : listedAddresses(text)
    return [
      ...links.map((address): IndexPlace => ({ kind: 'value', value: address, list: 'reference' })),
      ...(value ? underIdentifier(tokenRules.places(value)) : []),
    ]
  },
  sortKeys: (found) => {
    const text = linkText(found)
    return text === undefined ? [] : [text.replace(/^#/, '')]
  },
  modifiers: {
    '': { matches: matchesReference, reach: referenceReach },
    identifier: identifierModifier,
    above: inReferenceHierarchy,
    below: belowReference,
  },
  operators: {
    'filter:ne': {
      matches: (wanted, found, base) =>
        linkText(found) !== undefined && !matchesReference(wanted, found, base),
    },
  },
  refused: [],
}
