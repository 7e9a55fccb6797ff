/** Advice on content that R4 permits at a write but that readers may stumble over; only `$validate` gives it. */

import { isObject, type Json } from '../fhir/json/object.ts'
import { expressionAt, type Spot, walk } from '../fhir/walk.ts'
import { xhtmlCharacter } from '../fhir/xml/entities.ts'
import { xhtmlNamespace } from '../fhir/xml/narrative.ts'
import { type Issue, warning } from '../outcome/failure.ts'

/** More would not be read. */
const mostAdvice = 50

/** A StructureDefinition's snapshot and differential each have ids of their own, the same by design. */
const separateIdScopes: ReadonlySet<string> = new Set([
  'StructureDefinition.snapshot',
  'StructureDefinition.differential',
])

const isResourceObject = ({ object, content }: Spot): boolean => object.resourceType === content

/** Returns whether ids are unique from here on down: https://hl7.org/fhir/R4/element-definitions.html#Element.id */
const isScope = (spot: Spot): boolean =>
  separateIdScopes.has(spot.content) || (isResourceObject(spot) && spot.element !== 'contained')

const idScopeOf = (spot: Spot): Spot => (!spot.parent || isScope(spot) ? spot : idScopeOf(spot.parent))

const containedIds = ({ object }: Spot): Set<unknown> => {
  const contained: readonly unknown[] = Array.isArray(object.contained) ? object.contained : []
  return new Set(contained.filter(isObject).map(({ id }) => id))
}

const idAdvice = (spot: Spot, scopes: Map<object, Set<unknown>>): Issue[] => {
  const { id } = spot.object
  if (typeof id !== 'string' || isResourceObject(spot) || !spot.parent) return []
  const scope = idScopeOf(isScope(spot) ? spot.parent : spot)
  const ids = scopes.get(scope.object) ?? containedIds(scope)
  const isRepeated = ids.has(id)
  scopes.set(scope.object, ids.add(id))
  return isRepeated
    ? [
        warning(
          'invalid',
          `the id \`${id}\` occurs twice in the resource, so that \`#${id}\` is no unique address`,
          `${expressionAt(spot)}.id`,
        ),
      ]
    : []
}

const characterReference = /&([A-Za-z]\w*);/g
const namespace = /^\s*<div[^>]*\sxmlns\s*=\s*["']([^"']*)["']/

const narrativeAdvice = (spot: Spot): Issue[] => {
  const { div } = spot.object
  if (spot.content !== 'Narrative' || typeof div !== 'string') return []
  const names = [...new Set([...div.matchAll(characterReference)].map(([, name = '']) => name))]
  const entities = names.filter((name) => xhtmlCharacter(name) !== undefined).map((name) => `\`&${name};\``)
  const said = [
    ...(entities.length > 0
      ? [`${entities.join(', ')}: XML knows no entities of HTML; write the characters, or their numbers`]
      : []),
    ...(namespace.exec(div)?.[1] === xhtmlNamespace
      ? []
      : [`the \`<div>\` does not state its namespace: \`xmlns="${xhtmlNamespace}"\``]),
  ]
  return said.map((text) => warning('invalid', text, `${expressionAt(spot)}.div`))
}

/** Returns warnings about ids that occur twice and about narratives that not every reader can read. */
export const adviceOn = (resource: Json): Issue[] => {
  const issues: Issue[] = []
  const scopes = new Map<object, Set<unknown>>()
  walk(resource, (spot) => {
    issues.push(...idAdvice(spot, scopes), ...narrativeAdvice(spot))
    return issues.length < mostAdvice
  })
  return issues
}
