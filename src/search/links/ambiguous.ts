/** https://hl7.org/fhir/R4/search.html#reference — an id without a type must not fit resources of several types. */

import { resourceTypes } from '../../fhir/types.ts'
import { failure } from '../../outcome/failure.ts'
import { inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import type { Query, ValueClause } from '../query.ts'
import { valueClauses } from './rewrite.ts'

/** What an id without a type may name, and by which parameter. */
interface Untyped {
  readonly code: string
  readonly keys: readonly ResourceKey[]
}

const untypedIn = ({ parameter, values }: ValueClause): readonly Untyped[] => {
  const types = parameter.targets ?? resourceTypes
  const ids = values.flatMap((value) =>
    value.type === 'reference' && value.target === undefined && value.id !== undefined ? [value.id] : [],
  )
  if (types.length === 1) return []
  return ids.map((id) => ({ code: parameter.code, keys: types.map((type) => ({ type, id })) }))
}

const width = 8
const mostNamed = 5

/** Fails where an id without a type fits resources of several types, and names them. Each type is one more read. */
export const refuseAmbiguous = async (
  reader: Pick<Reader, 'get'>,
  { type, clauses }: Query,
): Promise<void> => {
  await inParallel(width, valueClauses(clauses).flatMap(untypedIn), async ({ code, keys }) => {
    const found = (await reader.get(keys)).filter((version) => version && !version.deleted)
    if (found.length < 2) return
    const names = found.slice(0, mostNamed).map((version) => `\`${version?.type}/${version?.id}\``)
    const more = found.length > mostNamed ? ` and ${found.length - mostNamed} more` : ''
    throw failure(
      'invalid',
      `\`${code}=${keys[0]?.id}\` fits ${names.join(' and ')}${more}: write the type before the id.`,
      `${type}?${code}`,
    )
  })
}
