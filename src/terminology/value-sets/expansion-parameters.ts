/** https://hl7.org/fhir/R4/valueset-operation-expand.html#parameters — beside the value set itself. */
export const expansionParameters = [
  ['filter', 'string', '1'],
  ['offset', 'integer', '1'],
  ['count', 'integer', '1'],
  ['includeDesignations', 'boolean', '1'],
  ['designation', 'string', '*'],
  ['includeDefinition', 'boolean', '1'],
  ['activeOnly', 'boolean', '1'],
  ['excludeNested', 'boolean', '1'],
  ['excludeNotForUI', 'boolean', '1'],
  ['excludePostCoordinated', 'boolean', '1'],
  ['displayLanguage', 'code', '1'],
  ['exclude-system', 'canonical', '*'],
  ['system-version', 'canonical', '*'],
  ['check-system-version', 'canonical', '*'],
  ['force-system-version', 'canonical', '*'],
] as const
