import { isObject } from '../../fhir/json/object.ts'
import { each } from '../../fhir/values.ts'

/** Returns the profiles in a resource's `meta.profile`. */
export const claims = ({ meta }: Readonly<Record<string, unknown>>): string[] =>
  isObject(meta) ? each(meta.profile as unknown).filter((url) => typeof url === 'string') : []
