/** The FHIRPath expressions of https://hl7.org/fhir/R4/searchparameter-registry.html */

import { expressions } from '../generated/expressions.js'

/** Returns the part of a search parameter's expression that concerns the type; empty if the type has no such parameter. */
export const searchExpression = (type: string, code: string): string =>
  expressions[type]?.[code] ?? expressions.Resource?.[code] ?? ''
