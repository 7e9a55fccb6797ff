/** What tells how this build of the software indexes from how others do. */

import { prints } from '../../fhir/generated/prints.js'
import { hashOf } from '../../store/keys.ts'
import type { Build } from '../../store/port.ts'
import { remembersWords } from './words.ts'

/** Counts up with every change of how values become entries. */
const indexVersion = 3

let known: Build | undefined

/** Returns this build: a print of each type's definitions, and one of all. */
export const thisBuild = (): Build => {
  const manner = `${indexVersion}${remembersWords() ? 'w' : ''}`
  const types = Object.fromEntries(Object.entries(prints).map(([type, print]) => [type, manner + print]))
  known ??= { print: hashOf(JSON.stringify(types)).slice(0, 12), types }
  return known
}

/** Returns the types that a build has indexed otherwise than this one does. */
export const changedSince = ({ types }: Build): string[] => {
  const own = thisBuild().types
  return Object.keys(own).filter((type) => type !== 'Resource' && types[type] !== own[type])
}
