import type { Resource } from '../../fhir/definitions.ts'
import type { ResourceKey } from '../../store/port.ts'

/** A resource that is about to be stored; without one, a deletion. */
export interface Draft extends ResourceKey {
  resource: Resource | undefined
}
