/** The rules dom-2 to dom-5 for contained resources, https://hl7.org/fhir/R4/references.html#contained */

import { isObject, type Json } from '../fhir/json/object.ts'
import { reportError, type ValidationRun } from './run.ts'

/** Checks the resources that the resource contains. */
export const checkContained = (run: ValidationRun, resource: Json): void => {
  const list = Array.isArray(resource.contained) ? resource.contained : []
  const ids = new Set<unknown>()
  for (const [i, contained] of list.entries()) {
    if (!isObject(contained)) continue
    run.path.push('contained', i)
    const { id } = contained
    if (id !== undefined && ids.has(id))
      reportError(
        run,
        'invalid',
        `\`#${id}\` would be two contained resources; give each an \`id\` of its own`,
        'id',
      )
    ids.add(id)
    checkContainedOne(run, contained, run.local.pointingBack.has(i))
    run.path.pop()
    run.path.pop()
  }
}

const checkContainedOne = (run: ValidationRun, contained: Json, pointsBack: boolean): void => {
  const meta = isObject(contained.meta) ? contained.meta : {}
  if (contained.contained !== undefined) {
    reportError(
      run,
      'invariant',
      '`dom-2`: a contained resource must not contain resources itself',
      'contained',
    )
  }
  if (!pointsBack && !run.local.names.has(contained.id as string))
    reportError(run, 'invariant', unreferenced(contained))
  for (const name of ['versionId', 'lastUpdated']) {
    if (meta[name] === undefined) continue
    reportError(
      run,
      'invariant',
      `\`dom-4\`: a contained resource must not have a \`${name}\``,
      `meta.${name}`,
    )
  }
  if (meta.security !== undefined) {
    reportError(
      run,
      'invariant',
      '`dom-5`: a contained resource must not have a security label',
      'meta.security',
    )
  }
}

const unreferenced = ({ id, resourceType }: Json): string =>
  id === undefined
    ? `\`dom-3\`: a contained resource needs an \`id\` by which the resource refers to it`
    : `\`dom-3\`: nothing refers to the contained \`${resourceType}\` by \`#${id}\`; refer to it, or leave it out`
