/** What tells slices apart: https://hl7.org/fhir/R4/profiling.html#discriminator */

import type { Discriminator } from './definition.ts'
import type { Mark, PathStep, Rule } from './rule.ts'
import type { Element } from './tree.ts'

const kinds: Readonly<Record<string, Mark['kind']>> = {
  value: 'value',
  pattern: 'value',
  exists: 'exists',
  type: 'type',
  profile: 'profile',
}

/** Returns the mark that a discriminator makes of a slice; none where the slice says nothing of it. */
export const marksOf = (
  { type, path }: Discriminator,
  slice: Element,
  whole: Element,
  compiled: (element: Element) => Rule,
): Mark[] => {
  const steps = stepsOf(path)
  const kind = kinds[type]
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
export const stepsOf = (path: string): readonly PathStep[] => {
  const steps = known.get(path) ?? readSteps(path)
  known.set(path, steps)
  return steps
}

/** The same path has the same steps, so that what they lead to can be kept by them. */
const known = new Map<string, readonly PathStep[]>()

const readSteps = (path: string): PathStep[] =>
  [...path.matchAll(/(?:[^.()]|\([^)]*\))+/g)].map(([text]) => text).flatMap(stepOf)

const stepOf = (text: string): PathStep[] => {
  const [, extension] = /^extension\(\s*['"](.*)['"]\s*\)$/.exec(text) ?? []
  if (extension !== undefined) return [{ kind: 'extension', url: extension }]
  const [, type] = /^(?:ofType|as)\((?:FHIR\.)?(\w+)\)$/.exec(text) ?? []
  if (type !== undefined) return [{ kind: 'type', type }]
  if (text === 'resolve()') return [{ kind: 'resolve' }]
  return text === '$this' ? [] : [{ kind: 'member', name: text.replace('[x]', '') }]
}

interface FoundElement {
  element: Element
  /** What is left of the way where the element's own profile goes on. */
  rest: readonly PathStep[]
}

const foundAt = (start: Element, steps: readonly PathStep[]): FoundElement | undefined => {
  let element = start
  for (const [i, step] of steps.entries()) {
    const next = stepFrom(element, step)
    if (!next) return profilesAt(element).length > 0 ? { element, rest: steps.slice(i) } : undefined
    element = next
  }
  return { element, rest: [] }
}

const stepFrom = (element: Element, step: PathStep): Element | undefined => {
  if (step.kind === 'member') return [element, ...element.slices.values()].flatMap(childOf(step.name))[0]
  if (step.kind === 'extension') {
    const slices = [...(element.children.get('extension')?.slices.values() ?? [])]
    return slices.find((slice) => addressOf(slice) === step.url)
  }
  if (step.kind === 'type') return [...element.slices.values()].find(isOf(step.type)) ?? element
  return undefined
}

const childOf =
  (name: string) =>
  ({ children }: Element): Element[] => {
    const child = children.get(name) ?? children.get(`${name}[x]`)
    return child ? [child] : []
  }

const isOf =
  (type: string) =>
  ({ definition }: Element): boolean =>
    definition.type?.length === 1 && definition.type[0]?.code === type

const profilesAt = ({ definition }: Element): readonly string[] =>
  (definition.type ?? []).flatMap(({ profile = [], targetProfile = [] }) => [...profile, ...targetProfile])

const addressOf = (slice: Element): unknown => {
  const own = slice.children.get('url')?.definition.fixedUri
  return own ?? profilesAt(slice)[0]?.split('|')[0]
}

/** An extension's address is that of its own definition. */
const addressMark = ({ element, rest }: FoundElement): unknown => {
  const [step] = rest
  const isAddress = rest.length === 1 && step?.kind === 'member' && step.name === 'url'
  return isAddress && isOf('Extension')(element) ? addressOf(element) : undefined
}
