/** The marks that tell slices apart: https://hl7.org/fhir/R4/profiling.html#discriminator */

import type { Discriminator } from './definition.ts'
import type { DiscriminatorStep, Rule, SliceMark } from './rule.ts'
import type { ProfileElement } from './tree.ts'

const markKinds: Readonly<Record<string, SliceMark['kind']>> = {
  value: 'value',
  pattern: 'value',
  exists: 'exists',
  type: 'type',
  profile: 'profile',
}

/**
 * Returns the marks that a discriminator makes of a slice; an empty list if the slice does not limit the discriminator's
 * element.
 */
export const sliceMarksOf = (
  { type, path }: Discriminator,
  slice: ProfileElement,
  whole: ProfileElement,
  compiled: (element: ProfileElement) => Rule,
): SliceMark[] => {
  const steps = discriminatorSteps(path)
  const kind = markKinds[type]
  if (kind === undefined) return []
  const found = foundAt(slice, steps) ?? foundAt(whole, steps)
  if (!found) return []
  const rule = compiled(found.element)
  if (found.rest.length === 0) return [{ steps, kind, rule }]
  const url = addressMark(found)
  if (url !== undefined) return [{ steps, kind, rule: { ...rule, ...bare, fixed: url } }]
  return [{ steps, kind, rule, beyond: { profiles: profilesAt(found.element), steps: found.rest } }]
}

const bare = { min: 0, max: Number.POSITIVE_INFINITY, children: [], constraints: [] } satisfies Partial<Rule>

/** Returns the steps of a restricted path: https://hl7.org/fhir/R4/profiling.html#discriminator, `a.b`, `extension('…')`, `resolve()`, `ofType(X)`. */
export const discriminatorSteps = (path: string): readonly DiscriminatorStep[] => {
  const steps = stepsByPath.get(path) ?? readSteps(path)
  stepsByPath.set(path, steps)
  return steps
}

/** The steps by their path: the same path has the same list of steps, so that results can be kept by the list. */
const stepsByPath = new Map<string, readonly DiscriminatorStep[]>()

const readSteps = (path: string): DiscriminatorStep[] =>
  [...path.matchAll(/(?:[^.()]|\([^)]*\))+/g)].map(([text]) => text).flatMap(discriminatorStepsIn)

const discriminatorStepsIn = (text: string): DiscriminatorStep[] => {
  const [, extension] = /^extension\(\s*['"](.*)['"]\s*\)$/.exec(text) ?? []
  if (extension !== undefined) return [{ kind: 'extension', url: extension }]
  const [, type] = /^(?:ofType|as)\((?:FHIR\.)?(\w+)\)$/.exec(text) ?? []
  if (type !== undefined) return [{ kind: 'type', type }]
  if (text === 'resolve()') return [{ kind: 'resolve' }]
  return text === '$this' ? [] : [{ kind: 'member', name: text.replace('[x]', '') }]
}

interface FoundElement {
  element: ProfileElement
  /** The rest of the path, from the element whose own profile continues the path. */
  rest: readonly DiscriminatorStep[]
}

const foundAt = (start: ProfileElement, steps: readonly DiscriminatorStep[]): FoundElement | undefined => {
  let element = start
  for (const [i, step] of steps.entries()) {
    const next = stepFrom(element, step)
    if (!next) return profilesAt(element).length > 0 ? { element, rest: steps.slice(i) } : undefined
    element = next
  }
  return { element, rest: [] }
}

const stepFrom = (element: ProfileElement, step: DiscriminatorStep): ProfileElement | undefined => {
  if (step.kind === 'member') return [element, ...element.slices.values()].flatMap(childOf(step.name))[0]
  if (step.kind === 'extension') {
    const slices = [...(element.children.get('extension')?.slices.values() ?? [])]
    return slices.find((slice) => extensionAddressOf(slice) === step.url)
  }
  if (step.kind === 'type') return [...element.slices.values()].find(isElementOf(step.type)) ?? element
  return undefined
}

const childOf =
  (name: string) =>
  ({ children }: ProfileElement): ProfileElement[] => {
    const child = children.get(name) ?? children.get(`${name}[x]`)
    return child ? [child] : []
  }

const isElementOf =
  (type: string) =>
  ({ definition }: ProfileElement): boolean =>
    definition.type?.length === 1 && definition.type[0]?.code === type

const profilesAt = ({ definition }: ProfileElement): readonly string[] =>
  (definition.type ?? []).flatMap(({ profile = [], targetProfile = [] }) => [...profile, ...targetProfile])

const extensionAddressOf = (slice: ProfileElement): unknown => {
  const own = slice.children.get('url')?.definition.fixedUri
  return own ?? profilesAt(slice)[0]?.split('|')[0]
}

/** An extension's address is that of its own definition. */
const addressMark = ({ element, rest }: FoundElement): unknown => {
  const [step] = rest
  const isAddress = rest.length === 1 && step?.kind === 'member' && step.name === 'url'
  return isAddress && isElementOf('Extension')(element) ? extensionAddressOf(element) : undefined
}
