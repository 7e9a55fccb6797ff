import { choiceName } from '../../src/fhir/generate/model.ts'
import { type MemberRule, type Structure, structureOf } from '../../src/fhir/structure.ts'

/** Objects made for one rule: its names are filled often, with its own literals among the values. */
export interface Maker {
  names: ReadonlySet<string>
  texts: readonly string[]
  /** Returns a number from 0 up to the one given, without it. */
  below: (most: number) => number
}

type Json = Record<string, unknown>

/** Returns a source of the same numbers at every run (https://en.wikipedia.org/wiki/Linear_congruential_generator). */
export const counted = (seed: number): Maker['below'] => {
  let state = seed
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * most)
  }
}

const pick = <T>({ below }: Maker, values: readonly T[]): T => values[below(values.length)] as T

const dates = ['2019', '2020-01', '2020-02-03', '2020-02-03T10:00:00Z', '2021-05-06T10:00:00Z']
const texts = [
  'a',
  'b',
  'Ab',
  'a b',
  '1',
  '3.1',
  '#a',
  'http://x.org/a',
  'urn:uuid:1',
  'a/_history/1',
  'Patient.name',
]
const resources = ['Patient', 'Composition', 'MessageHeader', 'OperationOutcome', 'Bundle']

const primitives: Readonly<Record<string, (maker: Maker) => unknown>> = {
  boolean: (maker) => maker.below(2) === 0,
  integer: (maker) => maker.below(4),
  positiveInt: (maker) => maker.below(4),
  unsignedInt: (maker) => maker.below(4),
  decimal: (maker) => (maker.below(4) === 0 ? 101 : maker.below(4) - 1),
  date: (maker) => pick(maker, dates.slice(0, 3)),
  dateTime: (maker) => pick(maker, dates),
  instant: (maker) => pick(maker, dates.slice(3)),
}

const textOf = (maker: Maker): string =>
  maker.texts.length > 0 && maker.below(3) > 0 ? pick(maker, maker.texts) : pick(maker, texts)

const resourceOf = (maker: Maker, depth: number): Json => {
  const resourceType = pick(maker, [
    ...resources,
    ...maker.texts.filter((text) => structureOf(text)?.kind === 'resource'),
  ])
  return {
    ...objectOf(maker, structureOf(resourceType) as Structure, depth + 1),
    resourceType,
    id: pick(maker, ['a', 'b']),
  }
}

/** Returns a value of what a member is. */
export const madeFor = (maker: Maker, { type }: Pick<MemberRule, 'type'>, depth = 0): unknown => {
  const structure = structureOf(type.content)
  if (type.code === 'Resource') return resourceOf(maker, depth)
  if (structure?.kind === 'primitive-type' || !structure || structure.elements.length === 0)
    return (primitives[type.code] ?? textOf)(maker)
  return objectOf(maker, structure, depth + 1)
}

const deepest = 5

/** Returns whether a member is filled: what the rule names nearly half the time, the rest seldom. */
const isFilled = (maker: Maker, name: string, depth: number): boolean =>
  maker.names.has(name) ? maker.below(depth > deepest ? 30 : 9) < 4 : maker.below(60) < (depth > 2 ? 0 : 1)

/** Returns an object with some of the members of its type. */
export const objectOf = (maker: Maker, structure: Structure, depth = 0): Json => {
  const object: Json = structure.kind === 'resource' ? { resourceType: structure.name } : {}
  for (const element of structure.elements) {
    if (!isFilled(maker, element.name, depth)) continue
    const type = pick(maker, element.types)
    const name = element.choice ? choiceName(element.name, type.code) : element.name
    const count = element.max > 1 ? 1 + maker.below(3) : 1
    const values = Array.from({ length: count }, () => madeFor(maker, { type }, depth))
    object[name] = element.max > 1 ? values : values[0]
  }
  return object
}
