/**
 * Search parameters defined by stored SearchParameters with the status `active`:
 * https://hl7.org/fhir/R4/searchparameter.html
 */

import { accessIssues } from '../../auth/authorise.ts'
import type { Resource, SearchParameter, SearchType } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { componentFaults, contentsOf, expressionFaults } from '../../fhir/path/expression-check.ts'
import { isResourceType, resourceTypes } from '../../fhir/types.ts'
import { error, type Issue, isKind } from '../../outcome/failure.ts'
import type { Context } from '../../request/context.ts'
import { type Definition, definitionsIn } from '../../search/custom.ts'
import { specialParameters } from '../../search/parse/special.ts'
import { rulesOfType } from '../../search/types/index.ts'
import type { Definitions } from '../../store/definitions.ts'
import type { Draft } from './draft.ts'

/** The definition in a SearchParameter, not yet known to be possible. */
type WantedParameter = Omit<Definition, 'list' | 'state' | 'from'>

const textOfMember = (resource: Resource, name: string): string => String(resource[name] ?? '')
const listOfMember = (resource: Resource, name: string): string[] =>
  Array.isArray(resource[name]) ? resource[name].map(String) : []

/** Returns the types to search. `Resource` and `DomainResource` stand for all types. */
const searchedTypes = (bases: readonly string[]): string[] =>
  bases.some((base) => base === 'Resource' || base === 'DomainResource')
    ? [...resourceTypes]
    : [...new Set(bases)]

const isActive = (resource: Resource | undefined): resource is Resource => resource?.status === 'active'

/** Returns R4's own parameter with that code. */
const servedAs = (type: string, code: string): SearchParameter | undefined =>
  searchParameters(type).get(code) ?? specialParameters(type).find((special) => special.code === code)

/** Returns whether the resource describes R4's own parameter with that code, by its `url` or `derivedFrom`. */
const isServed = (resource: Resource, type: string): boolean => {
  const url = servedAs(type, textOfMember(resource, 'code'))?.url
  return url !== undefined && (resource.url === url || resource.derivedFrom === url)
}

type KnownParameter = Pick<SearchParameter, 'code' | 'type' | 'url'>

const parametersKnown = (types: readonly string[], own: readonly Definition[]): KnownParameter[] => [
  ...types.flatMap((type) => [...searchParameters(type).values()]),
  ...own,
]

interface CompositePart {
  definition?: string
  expression?: string
}

const partsIn = (resource: Resource): CompositePart[] =>
  Array.isArray(resource.component) ? (resource.component as CompositePart[]) : []

const componentsOf = (
  resource: Resource,
  types: readonly string[],
  own: readonly Definition[],
): NonNullable<WantedParameter['components']>[number][] => {
  const known = parametersKnown(types, own)
  return partsIn(resource).flatMap(({ definition, expression = '' }) => {
    const found = known.find(({ url }) => url === definition)
    return found ? [{ code: found.code, type: found.type, expression }] : []
  })
}

/** Returns the definition in an active SearchParameter, without the types whose R4 parameter the resource describes. */
const wantedBy = (id: string, resource: Resource, own: readonly Definition[]): WantedParameter => {
  const types = searchedTypes(listOfMember(resource, 'base')).filter((type) => !isServed(resource, type))
  const targets = listOfMember(resource, 'target').filter(isResourceType)
  const type = textOfMember(resource, 'type') as SearchType
  return {
    id,
    url: textOfMember(resource, 'url'),
    code: textOfMember(resource, 'code'),
    type,
    types,
    expression: textOfMember(resource, 'expression'),
    ...(type === 'reference' && targets.length > 0 && { targets }),
    ...(type === 'composite' && { components: componentsOf(resource, types, own) }),
  }
}

const definitionIssue = (element: string, diagnostics: string, kind: Issue['kind'] = 'invariant'): Issue =>
  error(kind, diagnostics, `SearchParameter.${element}`)

const codeIssues = ({ code }: WantedParameter): Issue[] =>
  /^[A-Za-z][\w-]{0,63}$/.test(code)
    ? []
    : [
        definitionIssue(
          'code',
          `\`${code}\` cannot be searched by: expected a letter, then letters, digits, \`-\` and \`_\`.`,
        ),
      ]

const clashIssues = ({ id, code, types }: WantedParameter, own: readonly Definition[]): Issue[] =>
  types.flatMap((type) => {
    const present = servedAs(type, code)
    const other = own.find((each) => each.id !== id && each.code === code && each.types.includes(type))
    if (present)
      return [
        definitionIssue(
          'code',
          `${type} has a parameter \`${code}\` already: ${present.url}. Choose another code, or say by \`derivedFrom\` that it is meant.`,
          'conflict',
        ),
      ]
    return other
      ? [
          definitionIssue(
            'code',
            `${type} has a parameter \`${code}\` already: SearchParameter/${other.id} defines it.`,
            'conflict',
          ),
        ]
      : []
  })

const typeIssues = ({ type }: WantedParameter): Issue[] =>
  type !== 'special' && rulesOfType(type)
    ? []
    : [definitionIssue('type', `A parameter of type \`${type}\` has no meaning that FHIRPath could give it.`)]

const baseIssues = (resource: Resource): Issue[] =>
  listOfMember(resource, 'base')
    .filter((base) => !isResourceType(base) && base !== 'Resource' && base !== 'DomainResource')
    .map((base) => definitionIssue('base', `\`${base}\` is not an R4 resource type.`))

const expressionIssues = ({ expression, types, type }: WantedParameter): Issue[] => {
  if (expression === '')
    return [definitionIssue('expression', 'An active parameter needs an `expression`.', 'required')]
  const faults = types.flatMap((base) => expressionFaults(expression, base, type))
  return [...new Set(faults)].map((fault) => definitionIssue('expression', `\`${expression}\`: ${fault}`))
}

const componentIssues = (
  resource: Resource,
  { type, components = [], expression, types }: WantedParameter,
): Issue[] => {
  if (type !== 'composite') return []
  const parts = partsIn(resource)
  if (parts.length < 2)
    return [definitionIssue('component', 'A composite needs at least two components.', 'required')]
  if (components.length < parts.length)
    return [
      definitionIssue(
        'component',
        'Each component needs the `definition` of a parameter that is served here.',
      ),
    ]
  const [base = ''] = types
  return components.flatMap((part, i) => {
    const simple = part.type !== 'composite' && part.type !== 'special'
    const faults = simple
      ? componentFaults(part.expression, contentsOf(expression, base), part.type)
      : [`\`${part.code}\` is of type \`${part.type}\`, which cannot be a component.`]
    return faults.map((fault) => definitionIssue(`component[${i}]`, `\`${part.expression}\`: ${fault}`))
  })
}

const parameterIssues = (
  resource: Resource,
  wanted: WantedParameter,
  own: readonly Definition[],
): Issue[] => {
  const early = [...baseIssues(resource), ...typeIssues(wanted)]
  if (early.length > 0 || wanted.types.length === 0) return early
  const faults = [...codeIssues(wanted), ...clashIssues(wanted, own), ...expressionIssues(wanted)]
  return faults.length > 0 ? faults : componentIssues(resource, wanted)
}

const living = (definitions: Definitions): readonly Definition[] =>
  definitionsIn(definitions).filter(({ state }) => state !== 'retiring')

/** Returns the reasons not to store these resources: impossible definitions, and missing rights to define. */
export const definitionIssues = async (
  drafts: readonly Draft[],
  { store, principal }: Context,
): Promise<Issue[][]> => {
  const own = [...living(await store.definitions())]
  return drafts.map(({ type, id, resource }) => {
    if (type !== 'SearchParameter') return []
    const present = own.findIndex((each) => each.id === id)
    if (!isActive(resource)) return present >= 0 ? accessIssues(principal, 'administer', type) : []
    const wanted = wantedBy(id, resource, own)
    const isNew = wanted.types.length > 0 || present >= 0
    const forbidden = isNew ? accessIssues(principal, 'administer', type) : []
    const issues = [...forbidden, ...parameterIssues(resource, wanted, own)]
    if (issues.length === 0) own.push({ ...wanted, list: '', state: 'indexing', from: 0 })
    return issues
  })
}

/** Returns the print of a definition: equal for two definitions with the same meaning. */
const definitionPrint = ({
  url,
  code,
  type,
  types,
  expression,
  targets,
  components,
}: WantedParameter): string => JSON.stringify([url, code, type, types, expression, targets, components])

const retired = (definition: Definition, from: number): Definition => ({
  ...definition,
  state: 'retiring',
  from,
})

interface StoredParameter {
  id: string
  resource: Resource | undefined
}

/** Returns the definitions according to the stored resources; the same object if nothing changes. */
const redefined = (
  definitions: Definitions,
  stored: readonly StoredParameter[],
  from: number,
): Definitions => {
  const version = definitions.version + 1
  let all = definitionsIn(definitions)
  for (const { id, resource } of stored) {
    const own = all.filter(({ state }) => state !== 'retiring')
    const present = own.find((each) => each.id === id)
    const wanted = isActive(resource) ? wantedBy(id, resource, own) : undefined
    const possible =
      wanted && wanted.types.length > 0 && parameterIssues(resource as Resource, wanted, own).length === 0
    if (present && possible && definitionPrint(present) === definitionPrint(wanted)) continue
    if (present) all = all.map((each) => (each === present ? retired(each, from) : each))
    const list = `${wanted?.code}~${version.toString(36)}`
    if (possible) all = [...all, { ...wanted, list, state: 'indexing', from }]
  }
  return all === definitionsIn(definitions) ? definitions : { version, text: JSON.stringify(all) }
}

const maxDefineAttempts = 20

/**
 * Makes the definitions agree with the stored SearchParameters. Returns whether work in the background is necessary.
 * Repeated calls have no further effect.
 */
export const register = async (ids: readonly string[], { store, now }: Context): Promise<boolean> => {
  for (let attempt = 0; attempt < maxDefineAttempts; attempt++) {
    const definitions = await store.definitions()
    const versions = await store.get(ids.map((id) => ({ type: 'SearchParameter', id })))
    const stored = ids.map((id, i) => {
      const version = versions[i]
      const live = version && !version.deleted
      return { id, resource: live ? (JSON.parse(version.text) as Resource) : undefined }
    })
    const next = redefined(definitions, stored, now() + store.grace)
    const isWorking = (all: Definitions) => definitionsIn(all).some(({ state }) => state !== 'ready')
    if (next === definitions) return isWorking(definitions)
    try {
      await store.define(next)
      return true
    } catch (thrown) {
      if (!isKind(thrown, 'version-conflict')) throw thrown
    }
  }
  throw new Error('The definitions are changed all the time.')
}
