/**
 * The definitions of the terminology operations; their code is loaded with the first call:
 * https://hl7.org/fhir/R4/terminology-service.html
 */

import { expansionParameters } from '../../terminology/value-sets/expansion-parameters.ts'
import type { Operation, OperationDefinition, OperationParameter } from '../support/operation.ts'

const inParameter = (name: string, type: string, max = '1'): OperationParameter => ({
  name,
  use: 'in',
  min: 0,
  max,
  type,
})
const outParameter = (name: string, type: string, min = 0, max = '1'): OperationParameter => ({
  name,
  use: 'out',
  min,
  max,
  type,
})

const parameterWithParts = (
  parameter: OperationParameter,
  ...part: readonly OperationParameter[]
): OperationParameter => {
  const { type: _, ...rest } = parameter
  return { ...rest, part }
}

const codeParameters = [inParameter('code', 'code'), inParameter('coding', 'Coding')]

const checking = [
  ...codeParameters,
  inParameter('display', 'string'),
  inParameter('codeableConcept', 'CodeableConcept'),
  inParameter('abstract', 'boolean'),
  inParameter('displayLanguage', 'code'),
  outParameter('result', 'boolean', 1),
  outParameter('message', 'string'),
  outParameter('display', 'string'),
  outParameter('issues', 'OperationOutcome'),
]

const terminologyDefinition = (
  type: 'ValueSet' | 'CodeSystem' | 'ConceptMap',
  name: string,
  parameter: readonly OperationParameter[],
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

const expandDefinition = terminologyDefinition('ValueSet', 'expand', [
  inParameter('url', 'uri'),
  inParameter('valueSet', 'ValueSet'),
  inParameter('valueSetVersion', 'string'),
  ...expansionParameters.map(([name, type, max]) => inParameter(name, type, max)),
  outParameter('return', 'ValueSet', 1),
])

const checkInSetDefinition = terminologyDefinition('ValueSet', 'validate-code', [
  inParameter('url', 'uri'),
  inParameter('valueSet', 'ValueSet'),
  inParameter('valueSetVersion', 'string'),
  inParameter('system', 'uri'),
  inParameter('systemVersion', 'string'),
  ...checking,
])

const lookupDefinition = terminologyDefinition(
  'CodeSystem',
  'lookup',
  [
    ...codeParameters,
    inParameter('system', 'uri'),
    inParameter('version', 'string'),
    inParameter('displayLanguage', 'code'),
    inParameter('property', 'code', '*'),
    outParameter('name', 'string', 1),
    outParameter('version', 'string'),
    outParameter('display', 'string', 1),
    parameterWithParts(
      outParameter('designation', '', 0, '*'),
      outParameter('language', 'code'),
      outParameter('use', 'Coding'),
      outParameter('value', 'string', 1),
    ),
    parameterWithParts(
      outParameter('property', '', 0, '*'),
      outParameter('code', 'code', 1),
      outParameter('value', 'Element'),
      outParameter('description', 'string'),
    ),
  ],
  false,
)

const checkInSystemDefinition = terminologyDefinition('CodeSystem', 'validate-code', [
  inParameter('url', 'uri'),
  inParameter('codeSystem', 'CodeSystem'),
  inParameter('version', 'string'),
  ...checking,
])

const subsumesDefinition = terminologyDefinition('CodeSystem', 'subsumes', [
  inParameter('codeA', 'code'),
  inParameter('codeB', 'code'),
  inParameter('system', 'uri'),
  inParameter('version', 'string'),
  inParameter('codingA', 'Coding'),
  inParameter('codingB', 'Coding'),
  outParameter('outcome', 'code', 1),
])

const translateDefinition = terminologyDefinition('ConceptMap', 'translate', [
  inParameter('url', 'uri'),
  inParameter('conceptMap', 'ConceptMap'),
  inParameter('conceptMapVersion', 'string'),
  ...codeParameters,
  inParameter('system', 'uri'),
  inParameter('version', 'string'),
  inParameter('codeableConcept', 'CodeableConcept'),
  inParameter('source', 'uri'),
  inParameter('target', 'uri'),
  inParameter('targetsystem', 'uri'),
  parameterWithParts(
    inParameter('dependency', '', '*'),
    inParameter('element', 'uri'),
    inParameter('concept', 'CodeableConcept'),
  ),
  inParameter('reverse', 'boolean'),
  outParameter('result', 'boolean', 1),
  outParameter('message', 'string'),
  parameterWithParts(
    outParameter('match', '', 0, '*'),
    outParameter('equivalence', 'code'),
    outParameter('concept', 'Coding'),
    parameterWithParts(
      outParameter('product', '', 0, '*'),
      outParameter('element', 'uri'),
      outParameter('concept', 'Coding'),
    ),
    outParameter('source', 'uri'),
  ),
])

type TerminologyRunName = keyof typeof import('./runs.ts')['terminologyRuns']

const terminologyOperation = (definition: OperationDefinition, name: TerminologyRunName): Operation => ({
  definition,
  methods: ['GET', 'POST'],
  action: 'read',
  run: async (call, context) => (await import('./runs.ts')).terminologyRuns[name](definition, call, context),
})

const translateOperation: Operation = {
  definition: translateDefinition,
  methods: ['GET', 'POST'],
  action: 'read',
  run: async (call, context) =>
    (await import('./translate.ts')).translateCode(translateDefinition, call, context),
}

export const terminologyOperations: readonly Operation[] = [
  terminologyOperation(expandDefinition, 'expand'),
  terminologyOperation(checkInSetDefinition, 'checkInSet'),
  terminologyOperation(lookupDefinition, 'lookup'),
  terminologyOperation(checkInSystemDefinition, 'checkInSystem'),
  terminologyOperation(subsumesDefinition, 'subsumes'),
  translateOperation,
]
