/** https://hl7.org/fhir/R4/defining-extensions.html — every extension is checked by the definition at its address. */

import { readFor } from '../../fhir/path/fhirpath.ts'
import { structureOf } from '../../fhir/structure.ts'
import type { Spot } from '../../fhir/walk.ts'
import { shownValue } from '../run.ts'
import { checkProfile } from './check.ts'
import { shortName } from './compile/definition.ts'
import type { Profile } from './compile/rule.ts'
import { truthOf } from './invariants.ts'
import { forbid, inform, type ProfileRun, profileAt } from './run.ts'

/** Checks an extension by its own definition, where that is held. */
export const checkExtension = (run: ProfileRun, spot: Spot): void => {
  const { url } = spot.object
  // The parts of an extension have short names of its own.
  if (typeof url !== 'string' || !url.includes(':')) return
  const profile = profileAt(run, url)
  if (profile === undefined) return
  if (profile === null) informOfUnknownExtension(run, spot, url)
  else if (profile.type !== 'Extension')
    forbid(run, 'profile-structure', `${shownValue(url)} is no extension, but a ${profile.type}`, 'url')
  else {
    checkContext(run, spot, profile)
    checkProfile(run, profile, {
      value: spot.object,
      type: 'Extension',
      content: 'Extension',
      parent: spot.object,
    })
  }
}

const informOfUnknownExtension = (run: ProfileRun, { element }: Spot, url: string): void => {
  if (element === 'modifierExtension')
    forbid(
      run,
      'profile-unknown',
      `${shownValue(url)} is not held here, and a modifier must not be taken without being understood`,
    )
  else
    inform(
      run,
      'not-found',
      `the definition of ${shownValue(url)} is not held here, so nothing was checked by it`,
    )
}

const checkContext = (run: ProfileRun, { parent, object }: Spot, { context, url }: Profile): void => {
  if (!parent) return
  const { places, invariants } = context
  if (places.length > 0 && !places.some((each) => isPermittedAt(run, parent, each))) {
    const names = places.map(({ expression }) => `\`${expression}\``).join(', ')
    forbid(run, 'profile-structure', `the extension ${shortName(url)} belongs into ${names}`)
  }
  const holder = { value: parent.object, type: parent.type, content: parent.content, parent: parent.object }
  for (const invariant of invariants)
    if (truthOf(run, invariant, holder, { extension: object }) === false)
      forbid(run, 'invariant', `the extension ${shortName(url)} belongs where \`${invariant.expression}\``)
}

const isPermittedAt = (run: ProfileRun, holder: Spot, { type, expression }: ExtensionPlace): boolean => {
  if (type === 'extension') return holder.object.url === expression
  if (type === 'fhirpath') return isAmong(run, holder, expression)
  return expression === 'Element' || placeNamesOf(holder).includes(expression)
}

type ExtensionPlace = Profile['context']['places'][number]

/** An expression that cannot be worked out says nothing of a place. */
const isAmong = ({ resource }: ProfileRun, { object }: Spot, expression: string): boolean => {
  try {
    return readFor(expression, String(resource.resourceType))(resource, { resource }).includes(object)
  } catch {
    return true
  }
}

/** Returns the names that definitions may have for a place: `Patient.name.family`, `HumanName.family`, `string`, `Element`. */
const placeNamesOf = (holder: Spot): string[] => {
  const names = [...typesFrom(holder.content), ...typesFrom(holder.type)]
  let rest = ''
  for (let at: Spot | undefined = holder; at?.parent; at = at.parent) {
    rest = `.${at.element}${rest}`
    names.push(...typesFrom(at.parent.content).map((type) => type + rest))
  }
  return names
}

const typesFrom = (type: string): string[] => {
  const base = structureOf(type)?.base
  return base === undefined ? [type] : [type, ...typesFrom(base)]
}
