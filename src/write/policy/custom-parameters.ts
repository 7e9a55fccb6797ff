/** https://hl7.org/fhir/R4/searchparameter.html — a SearchParameter that is stored as active is one to be searched by. */

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

/** What a SearchParameter asks for, before it is known to be possible. */
type Wanted = Omit<Definition, 'list' | 'state' | 'from'>

const textIn = (resource: Resource, name: string): string => String(resource[name] ?? '')
const listIn = (resource: Resource, name: string): string[] =>
  Array.isArray(resource[name]) ? resource[name].map(String) : []

/** Bases above a resource's own type stand for all types. */
const typesOf = (bases: readonly string[]): string[] =>
  bases.some((base) => base === 'Resource' || base === 'DomainResource')
    ? [...resourceTypes]
    : [...new Set(bases)]

const isActive = (resource: Resource | undefined): resource is Resource => resource?.status === 'active'

/** R4's own parameter of that code. */
const servedAs = (type: string, code: string): SearchParameter | undefined =>
  searchParameters(type).get(code) ?? specialParameters(type).find((special) => special.code === code)

/** R4's own parameter of that code, where the resource says that it means that one. */
const isServed = (resource: Resource, type: string): boolean => {
  const url = servedAs(type, textIn(resource, 'code'))?.url
  return url !== undefined && (resource.url === url || resource.derivedFrom === url)
}

type Known = Pick<SearchParameter, 'code' | 'type' | 'url'>

const parametersKnown = (types: readonly string[], own: readonly Definition[]): Known[] => [
  ...types.flatMap((type) => [...searchParameters(type).values()]),
  ...own,
]

interface Part {
  definition?: string
  expression?: string
}

const partsIn = (resource: Resource): Part[] =>
  Array.isArray(resource.component) ? (resource.component as Part[]) : []

const componentsOf = (
  resource: Resource,
  types: readonly string[],
  own: readonly Definition[],
): NonNullable<Wanted['components']>[number][] => {
  const known = parametersKnown(types, own)
  return partsIn(resource).flatMap(({ definition, expression = '' }) => {
    const found = known.find(({ url }) => url === definition)
    return found ? [{ code: found.code, type: found.type, expression }] : []
  })
}

/** Returns what an active SearchParameter asks for; types whose R4 parameter it means are left out. */
const wantedBy = (id: string, resource: Resource, own: readonly Definition[]): Wanted => {
  const types = typesOf(listIn(resource, 'base')).filter((type) => !isServed(resource, type))
  const targets = listIn(resource, 'target').filter(isResourceType)
  const type = textIn(resource, 'type') as SearchType
  return {
    id,
    url: textIn(resource, 'url'),
    code: textIn(resource, 'code'),
    type,
    types,
    expression: textIn(resource, 'expression'),
    ...(type === 'reference' && targets.length > 0 && { targets }),
    ...(type === 'composite' && { components: componentsOf(resource, types, own) }),
  }
}

const wrong = (element: string, diagnostics: string, kind: Issue['kind'] = 'invariant'): Issue =>
  error(kind, diagnostics, `SearchParameter.${element}`)

const codeIssues = ({ code }: Wanted): Issue[] =>
  /^[A-Za-z][\w-]{0,63}$/.test(code)
    ? []
    : [
        wrong(
          'code',
          `\`${code}\` cannot be searched by: expected a letter, then letters, digits, \`-\` and \`_\`.`,
        ),
      ]

const clashIssues = ({ id, code, types }: Wanted, own: readonly Definition[]): Issue[] =>
  types.flatMap((type) => {
    const present = servedAs(type, code)
    const other = own.find((each) => each.id !== id && each.code === code && each.types.includes(type))
    if (present)
      return [
        wrong(
          'code',
          `${type} has a parameter \`${code}\` already: ${present.url}. Choose another code, or say by \`derivedFrom\` that it is meant.`,
          'conflict',
        ),
      ]
    return other
      ? [
          wrong(
            'code',
            `${type} has a parameter \`${code}\` already: SearchParameter/${other.id} defines it.`,
            'conflict',
          ),
        ]
      : []
  })

const typeIssues = ({ type }: Wanted): Issue[] =>
  type !== 'special' && rulesOfType(type)
    ? []
    : [wrong('type', `A parameter of type \`${type}\` has no meaning that FHIRPath could give it.`)]

const baseIssues = (resource: Resource): Issue[] =>
  listIn(resource, 'base')
    .filter((base) => !isResourceType(base) && base !== 'Resource' && base !== 'DomainResource')
    .map((base) => wrong('base', `\`${base}\` is not an R4 resource type.`))

const expressionIssues = ({ expression, types, type }: Wanted): Issue[] => {
  if (expression === '')
    return [wrong('expression', 'An active parameter needs an `expression`.', 'required')]
  const faults = types.flatMap((base) => expressionFaults(expression, base, type))
  return [...new Set(faults)].map((fault) => wrong('expression', `\`${expression}\`: ${fault}`))
}

const componentIssues = (
  resource: Resource,
  { type, components = [], expression, types }: Wanted,
): Issue[] => {
  if (type !== 'composite') return []
  const parts = partsIn(resource)
  if (parts.length < 2) return [wrong('component', 'A composite needs at least two components.', 'required')]
  if (components.length < parts.length)
    return [wrong('component', 'Each component needs the `definition` of a parameter that is served here.')]
  const [base = ''] = types
  return components.flatMap((part, i) => {
    const simple = part.type !== 'composite' && part.type !== 'special'
    const faults = simple
      ? componentFaults(part.expression, contentsOf(expression, base), part.type)
      : [`\`${part.code}\` is of type \`${part.type}\`, which cannot be a component.`]
    return faults.map((fault) => wrong(`component[${i}]`, `\`${part.expression}\`: ${fault}`))
  })
}

const issuesOf = (resource: Resource, wanted: Wanted, own: readonly Definition[]): Issue[] => {
  const early = [...baseIssues(resource), ...typeIssues(wanted)]
  if (early.length > 0 || wanted.types.length === 0) return early
  const faults = [...codeIssues(wanted), ...clashIssues(wanted, own), ...expressionIssues(wanted)]
  return faults.length > 0 ? faults : componentIssues(resource, wanted)
}

const living = (definitions: Definitions): readonly Definition[] =>
  definitionsIn(definitions).filter(({ state }) => state !== 'retiring')

/** Returns what stands against storing these: definitions that are not possible, and who may not define. */
export const ownIssues = async (
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
    const issues = [...forbidden, ...issuesOf(resource, wanted, own)]
    if (issues.length === 0) own.push({ ...wanted, list: '', state: 'indexing', from: 0 })
    return issues
  })
}

/** Returns what tells two definitions apart. */
const printOf = ({ url, code, type, types, expression, targets, components }: Wanted): string =>
  JSON.stringify([url, code, type, types, expression, targets, components])

const retired = (definition: Definition, from: number): Definition => ({
  ...definition,
  state: 'retiring',
  from,
})

interface Stored {
  id: string
  resource: Resource | undefined
}

/** Returns the definitions as they become by what is stored now; the same where nothing changes. */
const redefined = (definitions: Definitions, stored: readonly Stored[], from: number): Definitions => {
  const version = definitions.version + 1
  let all = definitionsIn(definitions)
  for (const { id, resource } of stored) {
    const own = all.filter(({ state }) => state !== 'retiring')
    const present = own.find((each) => each.id === id)
    const wanted = isActive(resource) ? wantedBy(id, resource, own) : undefined
    const possible =
      wanted && wanted.types.length > 0 && issuesOf(resource as Resource, wanted, own).length === 0
    if (present && possible && printOf(present) === printOf(wanted)) continue
    if (present) all = all.map((each) => (each === present ? retired(each, from) : each))
    const list = `${wanted?.code}~${version.toString(36)}`
    if (possible) all = [...all, { ...wanted, list, state: 'indexing', from }]
  }
  return all === definitionsIn(definitions) ? definitions : { version, text: JSON.stringify(all) }
}

const mostAttempts = 20

/**
 * Makes the definitions agree with SearchParameters as they are stored now. Returns whether there is anything to be
 * done in the background since. What was done already is not done again.
 */
export const register = async (ids: readonly string[], { store, now }: Context): Promise<boolean> => {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
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
