import type { SearchParameter } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { resourceTypes } from '../../fhir/types.ts'

/** The names by which R4 calls the link to what a resource is part of. */
const names = ['partof', 'part-of', 'parent']

/** Returns the parameter for the resource of the same type that one is part of; undefined where R4 has no such hierarchy. */
export const parentParameter = (type: string): string | undefined =>
  names.find((name) => searchParameters(type).get(name)?.targets?.includes(type))

/** Returns the types that a link may lead to whose resources are part of each other. */
export const partTypes = ({ targets = resourceTypes }: Pick<SearchParameter, 'targets'>): readonly string[] =>
  targets.filter((type) => parentParameter(type) !== undefined)
