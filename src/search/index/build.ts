/** The build of this software: a hash of the definitions by which it indexes each type. */

import { prints } from '../../fhir/generated/prints.js'
import type { Build } from '../../store/definitions.ts'
import { hashOf } from '../../store/keys.ts'
import { remembersWords } from './words.ts'

/** Counts up with every change of how values become entries. */
const indexVersion = 3

let computedBuild: Build | undefined

/** Returns this build: a print of each type's definitions, and a print of all of them. */
export const thisBuild = (): Build => {
  const manner = `${indexVersion}${remembersWords() ? 'w' : ''}`
  const types = Object.fromEntries(Object.entries(prints).map(([type, print]) => [type, manner + print]))
  computedBuild ??= { print: hashOf(JSON.stringify(types)).slice(0, 12), types }
  return computedBuild
}

/** Returns the types that a build indexed otherwise than this build does. */
export const typesIndexedOtherwise = ({ types }: Build): string[] => {
  const own = thisBuild().types
  return Object.keys(own).filter((type) => type !== 'Resource' && types[type] !== own[type])
}
