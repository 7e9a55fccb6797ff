import { expect, test } from 'vitest'
import { type ElementRule, type Structure, structureOf } from '../../src/fhir/structure.ts'
import { dataFiles, readData } from './official.ts'

interface Definition {
  name: string
  kind: string
  derivation?: string
  snapshot?: {
    element: {
      path: string
      min: number
      max: string
      isSummary?: boolean
      isModifier?: boolean
      type?: { code: string; targetProfile?: string[]; extension?: { valueUrl?: string }[] }[]
      contentReference?: string
      binding?: { strength: string; valueSet: string }
    }[]
  }
}
type Element = NonNullable<Definition['snapshot']>['element'][number]

const official = dataFiles('r4-core', 'StructureDefinition-')
  .map((file) => readData<Definition>(file))
  .filter(({ kind, derivation }) => kind !== 'logical' && derivation !== 'constraint')

const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1)

const targetsOf = (profiles: readonly string[] = []): string[] | undefined => {
  const names = profiles.map(lastPart)
  return names.length === 0 || names.includes('Resource') ? undefined : names.sort()
}

const typeOf = (element: Element, type: NonNullable<Element['type']>[number]) => {
  const system = type.code.includes('System.')
  const code = system ? (type.extension?.[0]?.valueUrl ?? 'string') : type.code
  const isResourceId =
    /^[A-Z]\w*\.id$/.test(element.path) && structureOf(element.path.split('.')[0] ?? '')?.kind === 'resource'
  return { code: isResourceId ? 'id' : code, targets: targetsOf(type.targetProfile) }
}

const expectedFacts = (element: Element) => ({
  path: element.path,
  min: element.min,
  max: element.max,
  types: element.contentReference
    ? [element.contentReference.split('#').at(-1)]
    : element.type?.map((type) => typeOf(element, type)),
  summary: element.isSummary ?? false,
  modifier: element.isModifier ?? false,
  required: element.binding?.strength === 'required' ? element.binding.valueSet.split('|')[0] : undefined,
})

const isReference = ({ path, types }: ElementRule): boolean =>
  types[0]?.code === 'BackboneElement' && types[0].content !== path

const tableFacts = (element: ElementRule) => ({
  path: element.path,
  min: element.min,
  max: element.max === Number.POSITIVE_INFINITY ? '*' : String(element.max),
  types: isReference(element)
    ? [element.types[0]?.content]
    : element.types.map(({ code, targets }) => ({ code, targets: targets?.toSorted() })),
  summary: element.isSummary,
  modifier: element.isModifier,
  required: element.required,
})

/** Returns the elements of a structure and, each after its parent, of its inline elements. */
const flattened = (structure: Structure | undefined): ElementRule[] =>
  (structure?.elements ?? []).flatMap((element) => {
    const inline = element.types[0]?.content === element.path
    return [element, ...(inline ? flattened(structureOf(element.path)) : [])]
  })

test.runIf(official.length > 0)(
  'the table equals the official definitions, element by element and in order',
  () => {
    for (const { name, kind, snapshot } of official) {
      if (kind === 'primitive-type') continue
      const expected = snapshot?.element.slice(1).map(expectedFacts)
      expect(flattened(structureOf(name)).map(tableFacts), name).toEqual(expected)
    }
  },
)

test.runIf(official.length > 0)('the table has every official type', () => {
  for (const { name, kind } of official) expect(structureOf(name)?.kind, name).toBe(kind)
})

test('knows inherited, choice and inline elements', () => {
  const observation = structureOf('Observation')
  expect(observation?.elements[0]?.path).toBe('Observation.id')
  expect(observation?.members.get('valueQuantity')).toMatchObject({
    element: { path: 'Observation.value[x]', min: 0, max: 1, choice: true },
    type: { code: 'Quantity', content: 'Quantity' },
  })
  expect(observation?.members.get('component')?.type.content).toBe('Observation.component')
  expect(structureOf('Observation.component')?.members.get('code')?.element.min).toBe(1)
  expect(structureOf('Questionnaire.item')?.members.get('item')?.type.content).toBe('Questionnaire.item')
})

test('knows nothing of other names', () => {
  expect(structureOf('Foo')).toBeUndefined()
  expect(structureOf('constructor')).toBeUndefined()
  expect(structureOf('Patient.foo')).toBeUndefined()
})
