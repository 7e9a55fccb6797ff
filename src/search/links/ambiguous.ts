/** https://hl7.org/fhir/R4/search.html#reference — an id without a type must not fit resources of several types. */

import { resourceTypes } from '../../fhir/types.ts'
import { failure } from '../../outcome/failure.ts'
import { inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import type { Query, ValueClause } from '../query.ts'
import { valueClauses } from './rewrite.ts'

/** The resources that an id without a type may name, and the parameter's code. */
interface UntypedId {
  readonly code: string
  readonly keys: readonly ResourceKey[]
}

const untypedIds = ({ parameter, values }: ValueClause): readonly UntypedId[] => {
  const types = parameter.targets ?? resourceTypes
  const ids = values.flatMap((value) =>
    value.type === 'reference' && value.target === undefined && value.id !== undefined ? [value.id] : [],
  )
  if (types.length === 1) return []
  return ids.map((id) => ({ code: parameter.code, keys: types.map((type) => ({ type, id })) }))
}

const idsCheckedAtOnce = 8
const mostNamedTargets = 5

/**
 * Fails with `invalid` if an id without a type fits resources of several types, and names them. Reads a resource per
 * type.
 */
export const refuseAmbiguous = async (
  reader: Pick<Reader, 'get'>,
  { type, clauses }: Query,
): Promise<void> => {
  await inParallel(idsCheckedAtOnce, valueClauses(clauses).flatMap(untypedIds), async ({ code, keys }) => {
    const found = (await reader.get(keys)).filter((version) => version && !version.deleted)
    if (found.length < 2) return
    const names = found.slice(0, mostNamedTargets).map((version) => `\`${version?.type}/${version?.id}\``)
    const more = found.length > mostNamedTargets ? ` and ${found.length - mostNamedTargets} more` : ''
    throw failure(
      'invalid',
      `\`${code}=${keys[0]?.id}\` fits ${names.join(' and ')}${more}: write the type before the id.`,
      `${type}?${code}`,
    )
  })
}
