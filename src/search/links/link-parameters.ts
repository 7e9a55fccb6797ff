/** The parameters by which resources link to one another. https://hl7.org/fhir/R4/search.html#include */

import type { SearchParameter } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { resourceTypes } from '../../fhir/types.ts'
import { searchParameterOf } from '../index/lists.ts'
import { isFollowed } from '../parse/parse-context.ts'
import type { Inclusion, SearchableParameters } from '../query.ts'

/** A parameter by which resources of a type link to others. */
export interface LinkParameter {
  type: string
  parameter: SearchParameter
}

/** Returns whether the parameter may link to resources of the type. */
export const mayLinkTo = ({ targets }: SearchParameter, type: string): boolean =>
  targets?.includes(type) ?? true

/**
 * Returns whether the parameter may link to one of the types; parameters within another (`patient` within `subject`)
 * would only find the same resources again.
 */
const pointsTo = (parameter: SearchParameter, types: ReadonlySet<string>): boolean =>
  parameter.within === undefined && [...types].some((type) => mayLinkTo(parameter, type))

/** Returns the parameters by which resources of the inclusion's type can link to any of the types. */
export const linkParametersTo = (
  { type, code }: Pick<Inclusion, 'type' | 'code'>,
  targetTypes: ReadonlySet<string>,
  own?: SearchableParameters,
): LinkParameter[] =>
  type === '*'
    ? resourceTypes.flatMap((each) =>
        linkParameters(each, '*', own)
          .filter((parameter) => pointsTo(parameter, targetTypes))
          .map((parameter) => ({ type: each, parameter })),
      )
    : linkParameters(type, code, own).map((parameter) => ({ type, parameter }))

/** Returns the parameters of a type that a code names; all link parameters for `*`. */
export const linkParameters = (
  type: string,
  code: string,
  own?: SearchableParameters,
): readonly SearchParameter[] => {
  if (code === '*')
    return [...searchParameters(type).values(), ...(own?.of(type).values() ?? [])].filter(isFollowed)
  const parameter = searchParameterOf(type, code, own)
  return parameter ? [parameter] : []
}
