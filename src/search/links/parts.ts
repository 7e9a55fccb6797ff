import type { SearchParameter } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { resourceTypes } from '../../fhir/types.ts'

/** The codes of R4's parameters for a resource's parent. */
const parentCodes = ['partof', 'part-of', 'parent']

/** Returns the code of the parameter for a resource's parent of the same type; undefined if R4 has no such hierarchy. */
export const parentParameter = (type: string): string | undefined =>
  parentCodes.find((name) => searchParameters(type).get(name)?.targets?.includes(type))

/** Returns the target types of a link that form hierarchies. */
export const partTypes = ({ targets = resourceTypes }: Pick<SearchParameter, 'targets'>): readonly string[] =>
  targets.filter((type) => parentParameter(type) !== undefined)
