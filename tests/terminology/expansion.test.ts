import fc from 'fast-check'
import { expect, test } from 'vitest'
import type {
  CodeSystemConcept,
  CodeSystemResource,
  ComposeFilter,
  ComposePart,
  ValueSetResource,
} from '../../src/terminology/resources.ts'
import { systemOf } from '../../src/terminology/systems/graph.ts'
import { codesOfValueSet, incompleteSystems } from '../../src/terminology/value-sets/expand.ts'
import { judgeOf } from '../../src/terminology/value-sets/judge.ts'
import { loadReferred } from '../../src/terminology/value-sets/loaded.ts'

/** A code as the law knows it: its place in the list, the places of its parents, a property, and whether it is in use. */
interface Row {
  parents: readonly number[]
  legs: number
  inactive: boolean
}

const url = 'urn:law'
const size = 9
const name = (at: number): string => `c${at}`
const places = Array.from({ length: size }, (_, at) => at)

const rows: fc.Arbitrary<Row[]> = fc.tuple(
  ...places.map((at) =>
    fc.record({
      parents: at === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(at - 1), { maxLength: 2 }),
      legs: fc.nat(3),
      inactive: fc.nat(4).map((n) => n === 0),
    }),
  ),
)

const operators = ['is-a', 'descendent-of', 'is-not-a', 'generalizes', 'in', 'not-in', '='] as const

const filter: fc.Arbitrary<ComposeFilter> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...operators), fc.nat(size - 1))
    .map(([op, at]) => ({ property: 'concept', op, value: name(at) })),
  fc.nat(3).map((n) => ({ property: 'legs', op: '=', value: String(n) })),
  fc.boolean().map((is) => ({ property: 'inactive', op: '=', value: String(is) })),
  fc.constant({ property: 'code', op: 'regex', value: 'c[0-4]' }),
)

const listed = fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 4 })

/** A part may name the value sets before its own. */
const part = (before: number): fc.Arbitrary<ComposePart> => {
  const own: fc.Arbitrary<ComposePart> = fc.oneof(
    fc.constant({ system: url }),
    listed.map((codes) => ({ system: url, concept: codes.map((at) => ({ code: name(at) })) })),
    fc.array(filter, { minLength: 1, maxLength: 2 }).map((filters) => ({ system: url, filter: filters })),
  )
  if (before === 0) return own
  const sets = fc
    .uniqueArray(fc.nat(before - 1), { minLength: 1, maxLength: 2 })
    .map((list) => ({ valueSet: list.map((at) => `urn:set:${at}`) }))
  return fc.oneof(
    own,
    sets,
    fc.tuple(own, sets).map(([a, b]) => ({ ...a, ...b })),
  )
}

const valueSet = (at: number): fc.Arbitrary<ValueSetResource> =>
  fc
    .record({
      include: fc.array(part(at), { minLength: 1, maxLength: 2 }),
      exclude: fc.array(part(at), { maxLength: 1 }),
      inactive: fc.constantFrom(undefined, true, false),
    })
    .map(({ inactive, ...rest }) => ({
      resourceType: 'ValueSet',
      url: `urn:set:${at}`,
      compose: { ...rest, ...(inactive !== undefined && { inactive }) },
    }))

const valueSets = fc.tuple(...[0, 1, 2, 3].map(valueSet))

/** The codes in pieces; a code may be nested in its first parent, or say its parents itself. */
const pieces = (all: readonly Row[], cut: readonly number[], nest: boolean): CodeSystemResource[] => {
  const concept = (at: number): CodeSystemConcept => {
    const { parents = [], legs = 0, inactive = false } = all[at] ?? {}
    const nested = nest && cut[at] === 0 ? places.filter((other) => isNested(other, at)) : []
    return {
      code: name(at),
      property: [
        { code: 'legs', valueInteger: legs },
        { code: 'inactive', valueBoolean: inactive },
        ...parents.map((parent) => ({ code: 'parent', valueCode: name(parent) })),
      ],
      ...(nested.length > 0 && { concept: nested.map(concept) }),
    }
  }
  const isNested = (at: number, within: number): boolean =>
    nest && cut[at] === 0 && all[at]?.parents[0] === within && cut[within] === 0
  return [0, 1, 2].map((piece) => ({
    resourceType: 'CodeSystem',
    url,
    content: piece === 0 ? 'complete' : 'fragment',
    concept: places
      .filter((at) => cut[at] === piece && !places.some((other) => isNested(at, other)))
      .map(concept),
  }))
}

/** The law, by sets of places. */
const lawOf = (all: readonly Row[], sets: readonly ValueSetResource[]) => {
  const above = (at: number): number[] => (all[at]?.parents ?? []).flatMap((up) => [up, ...above(up)])
  const isBelow = (at: number, top: number): boolean => above(at).includes(top)

  const passes = (at: number, { property, op, value }: ComposeFilter): boolean => {
    if (property === 'legs') return String(all[at]?.legs) === value
    if (property === 'inactive') return String(all[at]?.inactive) === value
    if (op === 'regex') return at <= 4
    const other = Number(value.slice(1))
    const same = at === other
    const rules: Record<string, boolean> = {
      'is-a': same || isBelow(at, other),
      'descendent-of': isBelow(at, other),
      'is-not-a': !(same || isBelow(at, other)),
      generalizes: same || isBelow(other, at),
      in: same,
      'not-in': !same,
      '=': same,
    }
    return rules[op] ?? false
  }

  const inPart = (
    at: number,
    { system, concept, filter: filters = [], valueSet: within = [] }: ComposePart,
  ): boolean =>
    (system === undefined || concept === undefined || concept.some(({ code }) => code === name(at))) &&
    filters.every((each) => passes(at, each)) &&
    within.every((canonical) => isIn(at, sets[Number(canonical.split(':')[2])] as ValueSetResource))

  const isIn = (at: number, { compose }: ValueSetResource): boolean => {
    const { include = [], exclude = [], inactive } = compose ?? {}
    if (inactive === false && all[at]?.inactive) return false
    return include.some((each) => inPart(at, each)) && !exclude.some((each) => inPart(at, each))
  }
  return isIn
}

test('a value set has the codes that its definition says, whatever the pieces and however it is asked', async () => {
  const property = fc.asyncProperty(
    rows,
    valueSets,
    fc.array(fc.nat(2), { minLength: size, maxLength: size }),
    fc.boolean(),
    async (all, sets, cut, nest) => {
      const system = systemOf(pieces(all, cut, nest))
      const terminology = {
        system: async () => system,
        valueSet: async (canonical: string) => sets[Number(canonical.split(':')[2])],
      }
      const isIn = lawOf(all, sets)
      for (const set of sets) {
        const held = await loadReferred(terminology, set)
        const expected = places.filter((at) => isIn(at, set)).map(name)
        const codes = codesOfValueSet(held, set).map(({ code }) => code)
        expect(codes.toSorted()).toEqual(expected)
        const judge = judgeOf(held, set)
        expect(places.map(name).filter((code) => judge({ system: url, code }).answer === 'yes')).toEqual(
          expected,
        )
      }
    },
  )
  await fc.assert(property, { numRuns: Number(process.env.LAWS ?? 400), seed: 4711 })
})

test('a value set that doubles with each of sixty steps is one that is looked at sixty times', async () => {
  const part = systemOf([{ resourceType: 'CodeSystem', url, content: 'fragment', concept: [{ code: 'a' }] }])
  const sets = Array.from({ length: 60 }, (_, at): ValueSetResource => {
    const before = { valueSet: [`urn:set:${at - 1}`] }
    return { resourceType: 'ValueSet', compose: { include: at === 0 ? [{ system: url }] : [before, before] } }
  })
  const held = await loadReferred(
    { system: async () => part, valueSet: async (canonical) => sets[Number(canonical.split(':')[2])] },
    sets.at(-1) as ValueSetResource,
  )
  expect(incompleteSystems(held, sets.at(-1) as ValueSetResource)).toEqual([part])
})
