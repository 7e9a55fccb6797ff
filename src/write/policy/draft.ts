import type { Resource } from '../../fhir/definitions.ts'
import type { ResourceKey } from '../../store/port.ts'

/** A resource about to be stored; a deletion has no resource. */
export interface Draft extends ResourceKey {
  resource: Resource | undefined
}
