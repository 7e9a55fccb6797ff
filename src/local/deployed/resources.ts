/** The resources of a transformed template by type, with their references resolved. */
import {
  type PlainRecord,
  type ReferenceScope,
  recordOrEmpty,
  resolveReferences,
} from '../template/cloudformation.ts'

export interface TemplateResource {
  id: string
  type: string
  properties: PlainRecord
}

export interface TemplateResources {
  ofType(type: string): readonly TemplateResource[]
  /** Returns the only resource of a type; fails when the template declares no resource of the type, or more than one. */
  one(type: string): TemplateResource
}

/** Returns the resources that the template's conditions allow. */
export const templateResources = (source: PlainRecord, scope: ReferenceScope): TemplateResources => {
  const all = Object.entries(recordOrEmpty(source.Resources))
    .map(([id, value]) => [id, recordOrEmpty(value)] as const)
    .filter(([, { Condition }]) => Condition === undefined || scope.condition(String(Condition)))
    .map(([id, resource]) => templateResource(id, resource, scope))
  const ofType = (type: string): TemplateResource[] => all.filter((resource) => resource.type === type)
  return { ofType, one: (type) => onlyResource(type, ofType(type)) }
}

const templateResource = (
  id: string,
  { Type, Properties }: PlainRecord,
  scope: ReferenceScope,
): TemplateResource => ({
  id,
  type: String(Type),
  properties: recordOrEmpty(resolveReferences(Properties ?? {}, scope)),
})

const onlyResource = (type: string, resources: readonly TemplateResource[]): TemplateResource => {
  const [resource] = resources
  if (!resource || resources.length > 1) throw new Error(`The template must declare exactly one ${type}.`)
  return resource
}
