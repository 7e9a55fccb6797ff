/** https://hl7.org/fhir/R4/references.html#references — whether what a resource refers to is there. */

import type { Resource } from '../../fhir/definitions.ts'
import { parseLink, referenceTo } from '../../fhir/references.ts'
import { expressionAt, type Spot, walk } from '../../fhir/walk.ts'
import type { Issue } from '../../outcome/failure.ts'
import { noTarget } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import type { ResourceKey } from '../../store/port.ts'
import type { Draft } from './draft.ts'

/** A reference to a resource of this server, and where it stands. */
export interface Pointing extends ResourceKey {
  reference: string
  expression: string
}

/** What stands in Bundles and Parameters refers to what stands beside it: only contained resources are looked into. */
const isApart = ({ object, element, parent }: Spot): boolean =>
  parent !== undefined && typeof object.resourceType === 'string' && element !== 'contained'

/** Returns the resource's references to resources of a server at `base`. */
export const pointings = (resource: Resource, base: string): Pointing[] => {
  const all: Pointing[] = []
  walk(resource, (spot) => {
    const { reference } = spot.object
    if (spot.content !== 'Reference' || typeof reference !== 'string') return !isApart(spot)
    const link = parseLink(reference, base)
    if (link?.kind === 'local')
      all.push({
        type: link.type,
        id: link.id,
        reference,
        expression: `${expressionAt(spot)}.reference`,
      })
    return true
  })
  return all
}

/** Returns the names of those that neither the store has nor the same request writes. */
const missing = async (
  wanted: readonly Pointing[],
  drafts: readonly Draft[],
  { store }: Context,
): Promise<Set<string>> => {
  const own = new Map(drafts.map((draft) => [referenceTo(draft), draft.resource !== undefined]))
  const asked = [...new Map(wanted.map((each) => [referenceTo(each), each])).values()]
  const elsewhere = asked.filter((each) => !own.has(referenceTo(each)))
  const versions = elsewhere.length > 0 ? await store.get(elsewhere) : []
  const absent = elsewhere.filter((_, i) => versions[i]?.deleted !== false)
  return new Set(
    [...absent, ...asked.filter((each) => own.get(referenceTo(each)) === false)].map(referenceTo),
  )
}

/** Returns for each draft its references that lead to nothing. */
export const danglingIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> => {
  const wanted = drafts.map(({ resource }) => (resource ? pointings(resource, context.base) : []))
  const absent = await missing(wanted.flat(), drafts, context)
  return wanted.map((each) =>
    each
      .filter((pointing) => absent.has(referenceTo(pointing)))
      .map(({ reference, expression }) => noTarget(reference, expression)),
  )
}
