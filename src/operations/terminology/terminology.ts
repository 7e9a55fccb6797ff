/** https://hl7.org/fhir/R4/terminology-service.html — what each operation takes; what it does is loaded with its first call. */

import { expansionParameters } from '../../terminology/value-sets/expansion-parameters.ts'
import type { Operation, OperationDefinition, Parameter } from '../support/operation.ts'

const takes = (name: string, type: string, max = '1'): Parameter => ({ name, use: 'in', min: 0, max, type })
const gives = (name: string, type: string, min = 0, max = '1'): Parameter => ({
  name,
  use: 'out',
  min,
  max,
  type,
})

const has = (parameter: Parameter, ...part: readonly Parameter[]): Parameter => {
  const { type: _, ...rest } = parameter
  return { ...rest, part }
}

const code = [takes('code', 'code'), takes('coding', 'Coding')]

const checking = [
  ...code,
  takes('display', 'string'),
  takes('codeableConcept', 'CodeableConcept'),
  takes('abstract', 'boolean'),
  takes('displayLanguage', 'code'),
  gives('result', 'boolean', 1),
  gives('message', 'string'),
  gives('display', 'string'),
  gives('issues', 'OperationOutcome'),
]

const definitionOf = (
  type: 'ValueSet' | 'CodeSystem' | 'ConceptMap',
  name: string,
  parameter: readonly Parameter[],
  instance = true,
): OperationDefinition => ({
  url: `http://hl7.org/fhir/OperationDefinition/${type}-${name}`,
  code: name,
  resource: [type],
  affectsState: false,
  type: true,
  instance,
  parameter,
})

const expand = definitionOf('ValueSet', 'expand', [
  takes('url', 'uri'),
  takes('valueSet', 'ValueSet'),
  takes('valueSetVersion', 'string'),
  ...expansionParameters.map(([name, type, max]) => takes(name, type, max)),
  gives('return', 'ValueSet', 1),
])

const checkInSet = definitionOf('ValueSet', 'validate-code', [
  takes('url', 'uri'),
  takes('valueSet', 'ValueSet'),
  takes('valueSetVersion', 'string'),
  takes('system', 'uri'),
  takes('systemVersion', 'string'),
  ...checking,
])

const lookup = definitionOf(
  'CodeSystem',
  'lookup',
  [
    ...code,
    takes('system', 'uri'),
    takes('version', 'string'),
    takes('displayLanguage', 'code'),
    takes('property', 'code', '*'),
    gives('name', 'string', 1),
    gives('version', 'string'),
    gives('display', 'string', 1),
    has(
      gives('designation', '', 0, '*'),
      gives('language', 'code'),
      gives('use', 'Coding'),
      gives('value', 'string', 1),
    ),
    has(
      gives('property', '', 0, '*'),
      gives('code', 'code', 1),
      gives('value', 'Element'),
      gives('description', 'string'),
    ),
  ],
  false,
)

const checkInSystem = definitionOf('CodeSystem', 'validate-code', [
  takes('url', 'uri'),
  takes('codeSystem', 'CodeSystem'),
  takes('version', 'string'),
  ...checking,
])

const subsumes = definitionOf('CodeSystem', 'subsumes', [
  takes('codeA', 'code'),
  takes('codeB', 'code'),
  takes('system', 'uri'),
  takes('version', 'string'),
  takes('codingA', 'Coding'),
  takes('codingB', 'Coding'),
  gives('outcome', 'code', 1),
])

const translate = definitionOf('ConceptMap', 'translate', [
  takes('url', 'uri'),
  takes('conceptMap', 'ConceptMap'),
  takes('conceptMapVersion', 'string'),
  ...code,
  takes('system', 'uri'),
  takes('version', 'string'),
  takes('codeableConcept', 'CodeableConcept'),
  takes('source', 'uri'),
  takes('target', 'uri'),
  takes('targetsystem', 'uri'),
  has(takes('dependency', '', '*'), takes('element', 'uri'), takes('concept', 'CodeableConcept')),
  takes('reverse', 'boolean'),
  gives('result', 'boolean', 1),
  gives('message', 'string'),
  has(
    gives('match', '', 0, '*'),
    gives('equivalence', 'code'),
    gives('concept', 'Coding'),
    has(gives('product', '', 0, '*'), gives('element', 'uri'), gives('concept', 'Coding')),
    gives('source', 'uri'),
  ),
])

type Name = keyof typeof import('./runs.ts')['runs']

const operation = (definition: OperationDefinition, name: Name): Operation => ({
  definition,
  methods: ['GET', 'POST'],
  action: 'read',
  run: async (call, context) => (await import('./runs.ts')).runs[name](definition, call, context),
})

const translateOperation: Operation = {
  definition: translate,
  methods: ['GET', 'POST'],
  action: 'read',
  run: async (call, context) => (await import('./translate.ts')).translateCode(translate, call, context),
}

export const terminologyOperations: readonly Operation[] = [
  operation(expand, 'expand'),
  operation(checkInSet, 'checkInSet'),
  operation(lookup, 'lookup'),
  operation(checkInSystem, 'checkInSystem'),
  operation(subsumes, 'subsumes'),
  translateOperation,
]
