/** https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html */

import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions',
  code: 'versions',
  affectsState: false,
  system: true,
  type: false,
  instance: false,
  parameter: [
    { name: 'version', use: 'out', min: 1, max: '*', type: 'code' },
    { name: 'default', use: 'out', min: 1, max: '1', type: 'code' },
  ],
}

const versionsText = JSON.stringify({
  resourceType: 'Parameters',
  parameter: [
    { name: 'version', valueCode: '4.0' },
    { name: 'default', valueCode: '4.0' },
  ],
})

export const versionsOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'read',
  run: async (call) => {
    inputPairs(definition, call)
    return { status: 200, text: versionsText }
  },
}
