/** The resources of a transformed template by type, with their references resolved. */
import { type PlainRecord, record, resolve, type Scope } from '../template/cloudformation.ts'

export interface Resource {
  id: string
  type: string
  properties: PlainRecord
}

export interface Resources {
  ofType(type: string): readonly Resource[]
  /** The one resource of a type; fails when there is none or another. */
  one(type: string): Resource
}

/** Returns the resources that the template's conditions allow. */
export const resourcesOf = (source: PlainRecord, scope: Scope): Resources => {
  const all = Object.entries(record(source.Resources))
    .map(([id, value]) => [id, record(value)] as const)
    .filter(([, { Condition }]) => Condition === undefined || scope.condition(String(Condition)))
    .map(([id, resource]) => resourceOf(id, resource, scope))
  const ofType = (type: string): Resource[] => all.filter((resource) => resource.type === type)
  return { ofType, one: (type) => only(type, ofType(type)) }
}

const resourceOf = (id: string, { Type, Properties }: PlainRecord, scope: Scope): Resource => ({
  id,
  type: String(Type),
  properties: record(resolve(Properties ?? {}, scope)),
})

const only = (type: string, resources: readonly Resource[]): Resource => {
  const [resource] = resources
  if (!resource || resources.length > 1) throw new Error(`The template must declare exactly one ${type}.`)
  return resource
}
