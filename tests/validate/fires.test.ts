import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { expect, test } from 'vitest'
import { readDefinitions } from '../../src/fhir/generate/source.ts'
import { makeInvariants } from '../../src/fhir/generated/invariants.js'
import { type ElementRule, structureOf } from '../../src/fhir/structure.ts'
import type { Invariant } from '../../src/validate/invariants.ts'
import cases from '../cases/invariants.json' with { type: 'json' }
import { counted, type Maker, madeFor, objectOf } from './instances.ts'

/** Something that is special about one rule, and why. */
interface Special {
  rule: string
  because: string
  /** The expression that is compiled in place of the published one. */
  as?: string
  /** Elements that the expression goes through without naming them. */
  names?: string[]
  /** Whether the engine may give nothing where the rule is not broken. */
  nothing?: boolean
  /** A part of the message with which the engine gives up on some instances. */
  stops?: string
  /** A pattern of the instances that the engine is not asked about. */
  unlike?: string
  /** Whether the rule can never be broken. */
  never?: boolean
}

const specials = new Map((cases as Special[]).map((special) => [special.rule, special]))
const plain: Special = { rule: '', because: '' }

const published = new Map(
  readDefinitions()
    .structures.filter(({ derivation }) => derivation !== 'constraint')
    .flatMap(({ snapshot }) => snapshot.element)
    .flatMap(({ path, constraint = [] }) =>
      constraint.map(({ key, expression }): [string, string] => [`${path} ${key}`, expression]),
    ),
)

/** R4's rules mean the whole text where they say `matches`. */
const expressionOf = (rule: string, { as }: Special): string =>
  (as ?? published.get(rule) ?? '').replaceAll('.matches(', '.matchesFull(')

const makerFor = (expression: string, { names = [] }: Special): Maker => ({
  names: new Set([...(expression.match(/[a-z]\w*/gi) ?? []), ...names]),
  texts: [...expression.matchAll(/'([\w:/.-]+)'/g)].map(([, text = '']) => text),
  below: counted(7),
})

const elementAt = (path: string): ElementRule | undefined => {
  const name = path.slice(path.lastIndexOf('.') + 1).replace('[x]', '')
  return structureOf(path.slice(0, path.lastIndexOf('.')))?.elements.find((each) => each.name === name)
}

/** Returns an instance of what a rule is stated of. */
const instanceFor = (maker: Maker, path: string): unknown => {
  const structure = structureOf(path)
  if (structure && structure.kind !== 'primitive-type') return objectOf(maker, structure)
  const types = elementAt(path)?.types ?? []
  const type = types[maker.below(types.length)]
  if (!type) throw new Error(`There is no element at \`${path}\`.`)
  return madeFor(maker, { type })
}

const resourceFor = (maker: Maker, path: string, value: unknown): unknown => {
  const root = structureOf(path.split('.')[0] ?? '')
  return root?.kind === 'resource' && path.includes('.') ? objectOf(maker, root) : value
}

const samples = 2000

/** What was seen of a rule: how often it was broken and kept, and the first instances of which the engine thinks otherwise. */
interface Seen {
  broken: number
  kept: number
  otherwise: string[]
}

const watch = (rule: string, path: string, { holds }: Invariant): Seen => {
  const special = specials.get(rule) ?? plain
  const expression = expressionOf(rule, special)
  const maker = makerFor(expression, special)
  const evaluate = fhirpath.compile({ base: path, expression }, r4, { async: false, traceFn: () => {} })
  const judge = (value: unknown, resource: unknown): boolean | undefined => {
    if (special.unlike && new RegExp(special.unlike).test(JSON.stringify(value))) return undefined
    try {
      const [found] = evaluate(value as object, { resource }) as unknown[]
      return found === undefined && special.nothing ? true : found === true
    } catch (thrown) {
      if (special.stops && String(thrown).includes(special.stops)) return undefined
      throw thrown
    }
  }
  const seen: Seen = { broken: 0, kept: 0, otherwise: [] }
  for (let i = 0; i < samples && (i < 200 || seen.broken === 0 || seen.kept === 0); i++) {
    const value = instanceFor(maker, path)
    const resource = resourceFor(maker, path, value)
    const own = holds(value, resource) === true
    const engine = judge(value, resource)
    seen[own ? 'kept' : 'broken']++
    if (engine !== undefined && engine !== own) seen.otherwise.push(JSON.stringify(value))
  }
  return seen
}

const rules = Object.entries(makeInvariants).flatMap(([path, make]) =>
  make().map((invariant) => ({ rule: `${path} ${invariant.key}`, path, invariant })),
)

test('there are rules at many types, and each special one is a rule', () => {
  expect(rules.length).toBeGreaterThan(300)
  const known = new Set(rules.map(({ rule }) => rule))
  expect([...specials.keys()].filter((rule) => !known.has(rule))).toEqual([])
})

test.each(rules)(
  '$rule is broken and kept by generated instances, as the engine says',
  ({ rule, path, invariant }) => {
    const { broken, kept, otherwise } = watch(rule, path, invariant)
    expect(otherwise.slice(0, 3)).toEqual([])
    expect(kept).toBeGreaterThan(0)
    if (specials.get(rule)?.never) expect(broken).toBe(0)
    else expect(broken).toBeGreaterThan(0)
  },
)
