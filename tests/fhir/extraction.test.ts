import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { expect, test } from 'vitest'
import type { Resource, SearchParameter, TypedValue } from '../../src/fhir/definitions.ts'
import { extract, searchParameters } from '../../src/fhir/parameters.ts'
import { searchExpression } from '../../src/fhir/path/expressions.ts'
import { dataFiles, readData, syntheaResources } from './official.ts'

/**
 * Where extraction means to differ from a plain evaluation:
 * - `resolve() is X` needs a server; the reference itself says what it points to, see `refersTo`;
 * - the first entry of a document or a message is told by its names, see `putResource`;
 * - an extension's value is what can be searched, not the extension around it;
 * What the oracle lacks is put in other words: `hasExtension`, and `as` on more than one value. A union is evaluated
 * operand by operand, because it would drop repeated values, which an index does not mind.
 */
const oracleExpressions = (type: string, { code }: SearchParameter): string[] =>
  searchExpression(type, code)
    .split(' | ')
    .map((operand) =>
      operand
        .replaceAll(/\.where\(resolve\(\) is \w+\)/g, '')
        .replaceAll(/hasExtension\(('[^']*')\)/g, 'extension($1).exists()')
        .replaceAll(/ as (\w+)/g, '.ofType($1)')
        .replaceAll(/\.as\(/g, '.ofType(')
        .replaceAll(/(\.extension\('[^']*'\))$/g, '$1.value'),
    )

type Run = (resource: object) => unknown[]
const compiled = new Map<string, Run[]>()

const evaluate = (type: string, parameter: SearchParameter, resource: Resource): unknown[] => {
  const key = `${type} ${parameter.code}`
  const compile = (expression: string): Run => fhirpath.compile(expression, r4, { async: false })
  const runs = compiled.get(key) ?? oracleExpressions(type, parameter).map(compile)
  compiled.set(key, runs)
  return JSON.parse(JSON.stringify(runs.flatMap((run) => run(resource))))
}

const values = (typed: readonly TypedValue[]): unknown[] =>
  JSON.parse(JSON.stringify(typed.map(({ value }) => value)))

/** Without `resolve()` the oracle finds references to any type. */
const isFiltered = (type: string, { code }: SearchParameter): boolean =>
  searchExpression(type, code).includes('resolve()')

const compare = (resource: Resource): void => {
  for (const parameter of searchParameters(resource.resourceType).values()) {
    if (parameter.type === 'composite' || parameter.elements?.includes('Resource')) continue
    const found = values(extract(resource, parameter.code))
    const expected = evaluate(resource.resourceType, parameter, resource)
    const label = `${resource.resourceType}/${resource.id} ${parameter.code}`
    if (isFiltered(resource.resourceType, parameter))
      expect(expected, label).toEqual(expect.arrayContaining(found))
    else expect(sorted(found), label).toEqual(sorted(expected))
  }
}

const sorted = (list: readonly unknown[]): string[] => list.map((value) => JSON.stringify(value)).sort()

const handWritten: Resource[] = [
  {
    resourceType: 'Patient',
    id: 'p',
    name: [{ family: 'Doe', given: ['Jane', 'Ann'] }, { text: 'JD' }],
    telecom: [
      { system: 'phone', value: '1' },
      { system: 'email', value: 'x@y' },
    ],
    address: [{ city: 'Bonn', country: 'DE' }],
    deceasedDateTime: '2020-01-01',
    contact: [{ organization: { reference: 'Organization/1' } }],
  },
  {
    resourceType: 'Condition',
    id: 'c',
    onsetAge: { value: 4, unit: 'a' },
    abatementString: 'later',
    subject: { reference: 'Patient/p' },
    evidence: [{ code: [{ text: 'x' }], detail: [{ reference: 'Observation/1' }] }],
    stage: [{ summary: { text: 'I' } }, { summary: { text: 'II' } }],
  },
  {
    resourceType: 'ActivityDefinition',
    id: 'a',
    useContext: [{ code: { code: 'age' }, valueRange: { low: { value: 1 } } }],
    relatedArtifact: [
      { type: 'depends-on', resource: 'http://a' },
      { type: 'citation', resource: 'http://b' },
    ],
    library: ['http://l'],
  },
  {
    resourceType: 'QuestionnaireResponse',
    id: 'q',
    item: [
      {
        linkId: '1',
        extension: [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject',
            valueBoolean: true,
          },
        ],
        answer: [{ valueReference: { reference: 'Patient/p' } }],
      },
    ],
  },
]

test('extraction equals FHIRPath on hand-written resources', () => {
  for (const resource of handWritten) compare(resource)
})

const examples = dataFiles('r4-examples')

test.runIf(examples.length > 0)('extraction equals FHIRPath on the official examples', () => {
  for (const file of examples) compare(readData<Resource>(file))
})

test.runIf(examples.length > 0)('extraction equals FHIRPath on Synthea resources', () => {
  for (const resource of syntheaResources<Resource>(40)) compare(resource)
})
