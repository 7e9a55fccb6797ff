/** https://hl7.org/fhir/R4/terminologycapabilities.html */

import { systemRows } from '../../fhir/generated/systems.js'
import type { Context } from '../../request/context.ts'
import { expansionParameters } from '../../terminology/value-sets/expansion-parameters.ts'
import { software } from './software.ts'

/** Returns the capabilities that are known without the store: R4's own code systems, and the parameters of expansions. */
export const terminologyCapabilities = ({ base }: Pick<Context, 'base'>): object => ({
  resourceType: 'TerminologyCapabilities',
  status: 'active',
  date: software.releaseDate,
  description: 'R4’s own code systems, and all that are stored as CodeSystem resources.',
  kind: 'instance',
  software: { name: software.name, version: software.version },
  implementation: { description: 'Pilotlight FHIR R4 server', url: base },
  codeSystem: Object.keys(systemRows).map((uri) => ({ uri, subsumption: true })),
  expansion: {
    hierarchical: true,
    paging: true,
    incomplete: false,
    parameter: expansionParameters.map(([name]) => ({ name })),
    textFilter:
      'Every word must stand in the code, its name or a designation, whatever its case and accents.',
  },
  codeSearch: 'all',
  validateCode: { translations: true },
  translation: { needsMap: false },
})
