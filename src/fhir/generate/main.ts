/** `npm run generate`: turns the R4 definitions into `src/fhir/generated/`. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeExtractors } from './extractors.ts'
import { writePrints } from './fingerprints.ts'
import { writeInvariants } from './invariants.ts'
import { buildModel } from './model.ts'
import { typeParametersOf } from './parameters.ts'
import { writeProfiles } from './profiles.ts'
import { writeExpressions, writeRegistry, writeTypes } from './registry.ts'
import { readDefinitions, usCoreParameters, type ValueSet } from './source.ts'
import { writeStructure } from './structure.ts'
import { writeBindings, writeCodes } from './terminology/codes.ts'
import { writeSystems, writeValueSets } from './terminology/resources.ts'
import { writeUnits } from './terminology/units.ts'

const directory = join(import.meta.dirname, '../generated')

const singleSystem = (valueSet: ValueSet | undefined): string | undefined => {
  const { include = [], exclude } = valueSet?.compose ?? {}
  const [only] = include
  return include.length === 1 && !exclude && !only?.valueSet ? only?.system : undefined
}

/** Returns the generated files by name. */
const generate = (): Record<string, string> => {
  const official = readDefinitions()
  const searchParameters = [...official.searchParameters, ...usCoreParameters()]
  const definitions = { ...official, searchParameters }
  const model = buildModel(definitions)
  const types = ['Resource', ...model.resourceTypes]
  const byType = new Map(types.map((type) => [type, typeParametersOf(definitions, model, type)]))
  const systemOf = (valueSet: string): string | undefined => singleSystem(definitions.valueSets.get(valueSet))
  return {
    'bindings.js': writeBindings(definitions, model),
    'bindings.d.ts': 'export const bindingRows: Readonly<Record<string, string>>\n',
    'codes.js': writeCodes(definitions, model),
    'codes.d.ts': 'export const codeRows: Readonly<Record<string, string>>\n',
    'expressions.js': writeExpressions(byType),
    'expressions.d.ts':
      'export const expressions: Readonly<Record<string, Readonly<Record<string, string>>>>\n',
    'extractors.js': writeExtractors(model, byType, systemOf),
    'extractors.d.ts': extractorTypes,
    'invariants.js': writeInvariants(model),
    'invariants.d.ts': invariantTypes,
    'profiles.js': writeProfiles(definitions.profiles),
    'profiles.d.ts': 'export const profileRows: Readonly<Record<string, string>>\n',
    'prints.js': writePrints(model, byType, systemOf),
    'prints.d.ts': 'export const prints: Readonly<Record<string, string>>\n',
    'registry.js': writeRegistry(definitions, byType),
    'registry.d.ts': registryTypes,
    'structure.js': writeStructure(model),
    'structure.d.ts': structureTypes,
    'systems.js': writeSystems(definitions),
    'systems.d.ts': 'export const systemRows: Readonly<Record<string, string>>\n',
    'value-sets.js': writeValueSets(definitions),
    'value-sets.d.ts': 'export const valueSetRows: Readonly<Record<string, string>>\n',
    'types.js': writeTypes(model),
    'types.d.ts': 'export const resourceTypes: readonly string[]\n',
    'units.js': writeUnits(),
    'units.d.ts': 'export const unitRows: string\nexport const prefixRows: string\n',
  }
}

const extractorTypes = `import type { Resource, TypedValue } from '../definitions.ts'
export type Extractor = (resource: Resource, values: unknown[]) => void
export const extractors: Readonly<Record<string, () => Readonly<Record<string, Extractor>>>>
`
const invariantTypes = `export interface Invariant {
  key: string
  severity: 'error' | 'warning'
  human: string
  holds: (value: unknown, resource: unknown) => boolean | undefined
}
export const makeInvariants: Readonly<Record<string, () => readonly Invariant[]>>
`
const registryTypes = `export const compartments: Readonly<Record<string, Readonly<Record<string, string>>>>
export const parameterRows: Readonly<Record<string, string>>
`
const structureTypes = `export const tables: Readonly<Record<string, string>>
export const targetLists: readonly string[]
export const valueSets: readonly string[]
`

mkdirSync(directory, { recursive: true })
for (const [name, text] of Object.entries(generate())) writeFileSync(join(directory, name), text)
