/** The existence of the targets of references: https://hl7.org/fhir/R4/references.html#references */

import type { Resource } from '../../fhir/definitions.ts'
import { distinctResources, parseLink, referenceTo } from '../../fhir/references.ts'
import { expressionAt, type Spot, walk } from '../../fhir/walk.ts'
import type { Issue } from '../../outcome/failure.ts'
import { noTarget } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import type { ResourceKey } from '../../store/port.ts'
import type { Draft } from './draft.ts'

/** A reference to a resource of this server, with its place in the resource. */
export interface LocalReference extends ResourceKey {
  reference: string
  expression: string
}

/**
 * Returns whether an object is a resource within a Bundle or Parameters. Its references may lead to its neighbours, so
 * only contained resources are searched.
 */
const isApart = ({ object, element, parent }: Spot): boolean =>
  parent !== undefined && typeof object.resourceType === 'string' && element !== 'contained'

/** Returns the resource's references to resources of a server at `base`. */
export const localReferencesIn = (resource: Resource, base: string): LocalReference[] => {
  const all: LocalReference[] = []
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

/** Returns the names of the targets that are neither stored nor written by the same request. */
const absentTargets = async (
  wanted: readonly LocalReference[],
  drafts: readonly Draft[],
  { store }: Context,
): Promise<Set<string>> => {
  const own = new Map(drafts.map((draft) => [referenceTo(draft), draft.resource !== undefined]))
  const asked = distinctResources(wanted)
  const elsewhere = asked.filter((each) => !own.has(referenceTo(each)))
  const versions = elsewhere.length > 0 ? await store.get(elsewhere) : []
  const absent = elsewhere.filter((_, i) => versions[i]?.deleted !== false)
  return new Set(
    [...absent, ...asked.filter((each) => own.get(referenceTo(each)) === false)].map(referenceTo),
  )
}

/** Returns the dangling references of each draft. */
export const danglingIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> => {
  const wanted = drafts.map(({ resource }) => (resource ? localReferencesIn(resource, context.base) : []))
  const absent = await absentTargets(wanted.flat(), drafts, context)
  return wanted.map((each) =>
    each
      .filter((target) => absent.has(referenceTo(target)))
      .map(({ reference, expression }) => noTarget(reference, expression)),
  )
}
