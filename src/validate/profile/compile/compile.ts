/** Compiles a StructureDefinition into the table that resources are checked by, once for each version. */

import { bindingRows } from '../../../fhir/generated/bindings.js'
import { type ElementRule, type Structure, structureOf } from '../../../fhir/structure.ts'
import { each } from '../../../fhir/values.ts'
import { invariantsOf } from '../../invariants.ts'
import {
  type Constraint,
  choiceOf,
  coreType,
  type ElementDefinition,
  type StructureDefinition,
  type TypeDefinition,
} from './definition.ts'
import { sliceMarksOf } from './marks.ts'
import type { BindingRule, Profile, Rule, Slice, Slicing, TypeLimit } from './rule.ts'
import { type ProfileElement, profileTreeOf } from './tree.ts'

/**
 * Returns the profile of a definition, followed by its base and the base's bases, as far as the first snapshot or R4
 * itself.
 */
export const compiledProfileOf = (
  chain: readonly [StructureDefinition, ...StructureDefinition[]],
): Profile => {
  const [definition] = chain
  const tree = chain.reduceRight<ProfileElement | undefined>(
    (base, each) => profileTreeOf(each, base),
    undefined,
  )
  return compileProfile(definition, tree as ProfileElement)
}

/**
 * Returns the address of the base that this definition is compiled upon; undefined if the definition has a snapshot or is
 * based on R4 itself.
 */
export const baseNeeded = ({ snapshot, baseDefinition }: StructureDefinition): string | undefined =>
  snapshot || baseDefinition === undefined || coreType(baseDefinition) ? undefined : baseDefinition

const compileProfile = (definition: StructureDefinition, tree: ProfileElement): Profile => {
  const links = new Map<string, Rule[]>()
  const root = ruleOf(tree, { links, content: structureOf(definition.type) })
  for (const [path, rules] of links) {
    const target = ruleAt(root, path.split('.').slice(1))
    for (const rule of rules) rule.like = target ?? blankRule
  }
  const { url, version, type, context, contextInvariant } = definition
  const invariants = each(contextInvariant).map(
    (expression): Constraint => ({ key: 'context', severity: 'error', human: expression, expression }),
  )
  return {
    url,
    ...(version !== undefined && { version }),
    type,
    root,
    context: { places: each(context), invariants },
  }
}

const blankRule: Rule = {
  id: '',
  name: '',
  choice: false,
  min: 0,
  max: Number.POSITIVE_INFINITY,
  mustSupport: false,
  constraints: [],
  children: [],
}

/** Returns the profile of an R4 type, which checks the type alone. */
export const bareProfile = (url: string, type: string): Profile => ({
  url,
  type,
  root: { ...blankRule, id: type, name: type },
  context: { places: [], invariants: [] },
})

const ruleAt = (root: Rule, names: readonly string[]): Rule | undefined =>
  names.reduce<Rule | undefined>(
    (rule, name) => rule?.children.find((child) => child.name === name.replace('[x]', '')),
    root,
  )

interface CompilePlace {
  links: Map<string, Rule[]>
  /** R4's own rule for the element. */
  base?: ElementRule
  /** R4's rule for the number of values; undefined for a slice, whose number R4 does not limit. */
  counted?: ElementRule
  /** The structure of the element's type, if known. */
  content: Structure | undefined
}

const ruleOf = (element: ProfileElement, place: CompilePlace): Rule => {
  const { definition, id, slices } = element
  const written = id.slice(id.lastIndexOf('.') + 1).replace(/:.*$/, '')
  const rule: Rule = {
    id,
    name: written.replace('[x]', ''),
    choice: written.endsWith('[x]'),
    min: definition.min !== undefined && definition.min > (place.counted?.min ?? 0) ? definition.min : 0,
    max: narrowerMaxOf(definition, place.counted),
    mustSupport: definition.mustSupport === true,
    constraints: ownConstraints(definition, place),
    children: childRulesOf(element, place),
    ...typeLimitsOf(definition, place.base),
    ...valueLimitsOf(definition),
    ...bindingOf(definition, place.base),
  }
  if (slices.size > 0) rule.slicing = slicingOf(element, place)
  linkContent(rule, definition.contentReference, place)
  return rule
}

/** A reference to an element of R4 itself asks for nothing that R4 does not ask for. */
const linkContent = (rule: Rule, reference: string | undefined, { links }: CompilePlace): void => {
  if (!reference?.startsWith('#')) return
  rule.like = blankRule
  links.set(reference.slice(1), [...(links.get(reference.slice(1)) ?? []), rule])
}

const narrowerMaxOf = ({ max }: ElementDefinition, base: ElementRule | undefined): number => {
  const most = max === undefined || max === '*' ? Number.POSITIVE_INFINITY : Number(max)
  return most < (base?.max ?? Number.POSITIVE_INFINITY) ? most : Number.POSITIVE_INFINITY
}

const valueLimitsOf = (definition: ElementDefinition): Partial<Rule> => {
  const found = {
    fixed: choiceOf(definition, 'fixed'),
    pattern: choiceOf(definition, 'pattern'),
    least: choiceOf(definition, 'minValue'),
    greatest: choiceOf(definition, 'maxValue'),
    maxLength: definition.maxLength,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

const maxValueSet = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet'

const bindingOf = (
  { binding }: ElementDefinition,
  base: ElementRule | undefined,
): { binding?: BindingRule } => {
  const most = binding?.extension?.find(({ url }) => url === maxValueSet)?.valueCanonical
  if (most !== undefined) return { binding: { strength: 'required', valueSet: most } }
  const { strength, valueSet } = binding ?? {}
  if (valueSet === undefined || (strength !== 'required' && strength !== 'extensible')) return {}
  return isOfR4(strength, valueSet, base) ? {} : { binding: { strength, valueSet } }
}

/** A binding of R4 itself is checked with R4. */
const isOfR4 = (strength: string, valueSet: string, base: ElementRule | undefined): boolean => {
  const [address] = valueSet.split('|')
  const stated = base?.required ? `required ${base.required}` : bindingRows[base?.path ?? '']
  return stated?.split('|')[0] === `${strength} ${address}`
}

const systemType = 'http://hl7.org/fhirpath/'

/** Returns the limit on types, if narrower than R4's own. */
const typeLimitsOf = (
  { type = [] }: ElementDefinition,
  base: ElementRule | undefined,
): { types?: readonly TypeLimit[] } => {
  if (type.length === 0 || type.some(({ code = systemType }) => code.startsWith(systemType))) return {}
  const types = type.map(typeLimitOf)
  return base && isAsWide(types, base) ? {} : { types }
}

const typeLimitOf = ({
  code = '',
  profile,
  targetProfile,
  aggregation,
  versioning,
}: TypeDefinition): TypeLimit => ({
  code,
  profiles: each(profile),
  targets: each(targetProfile).filter((url) => coreType(url) !== 'Resource'),
  aggregation: each(aggregation),
  versioning: versioning ?? 'either',
})

const isAsWide = (types: readonly TypeLimit[], base: ElementRule): boolean =>
  types.every(
    ({ profiles, aggregation, versioning }) =>
      profiles.length === 0 && aggregation.length === 0 && versioning === 'either',
  ) &&
  base.types.every(({ code, targets = [] }) => {
    const limit = types.find((type) => type.code === code)
    const allowed = limit?.targets.map(coreType)
    if (!allowed) return code === 'BackboneElement'
    return allowed.length === 0 || (targets.length > 0 && targets.every((target) => allowed.includes(target)))
  })

const ofEverything: ReadonlySet<string> = new Set(
  'ele-1 ext-1 dom-1 dom-2 dom-3 dom-4 dom-5 dom-6 ref-1 txt-1 txt-2 cnl-0 sqt-1'.split(' '),
)

/** Constraints of R4 itself are checked with R4. */
const ownConstraints = ({ constraint = [] }: ElementDefinition, { base, content }: CompilePlace) => {
  const known = new Set(
    [base?.path, content?.name].flatMap((path) => (path ? invariantsOf(path).map(({ key }) => key) : [])),
  )
  return constraint.filter(
    ({ key, source, expression }) =>
      expression !== undefined && !ofEverything.has(key) && !known.has(key) && !isTypeOfR4(source),
  )
}

const isTypeOfR4 = (source: string | undefined): boolean =>
  source !== undefined && coreType(source) !== undefined

const childRulesOf = ({ children }: ProfileElement, { content, links }: CompilePlace): Rule[] =>
  [...children]
    .map(([name, child]) => {
      const base = content?.elements.find((rule) => rule.name === name.replace('[x]', ''))
      return ruleOf(child, {
        links,
        content: elementStructureAt(child, base),
        ...(base && { base, counted: base }),
      })
    })
    .filter(asks)

const elementStructureAt = (
  { definition }: ProfileElement,
  base: ElementRule | undefined,
): Structure | undefined => {
  const own = base?.types.length === 1 ? base.types[0]?.content : undefined
  const only = definition.type?.length === 1 ? definition.type[0]?.code : undefined
  return structureOf((own === 'Resource' ? only : (own ?? only)) ?? '')
}

/** Most elements of a snapshot say nothing that R4 does not say. */
const asks = (rule: Rule): boolean =>
  rule.min > 0 ||
  rule.max !== Number.POSITIVE_INFINITY ||
  rule.mustSupport ||
  rule.constraints.length > 0 ||
  rule.children.length > 0 ||
  more.some((name) => rule[name] !== undefined)

const more = [
  'types',
  'fixed',
  'pattern',
  'maxLength',
  'least',
  'greatest',
  'binding',
  'slicing',
  'like',
] as const

const alone = (element: ProfileElement): Rule => ruleOf(element, { links: new Map(), content: undefined })

const sliceIn = ({ links, base, content }: CompilePlace, slice: ProfileElement): CompilePlace => ({
  links,
  ...(base && { base }),
  content: elementStructureAt(slice, undefined) ?? content,
})

const slicingOf = (element: ProfileElement, place: CompilePlace): Slicing => {
  const { discriminator = [], ordered = false, rules = 'open' } = element.definition.slicing ?? {}
  const slices = [...element.slices].map(
    ([name, slice]): Slice => ({
      name,
      rule: ruleOf(slice, sliceIn(place, slice)),
      marks: discriminator.flatMap((each) => sliceMarksOf(each, slice, element, alone)),
    }),
  )
  const otherwise = slices.find(({ name }) => name === '@default')
  return {
    rules: rules === 'closed' || rules === 'openAtEnd' ? rules : 'open',
    ordered,
    slices: slices.filter((slice) => slice !== otherwise),
    ...(otherwise && { otherwise }),
  }
}
