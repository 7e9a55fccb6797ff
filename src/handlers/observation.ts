/** The door for everything at or below /Observation. */

import { backingOf } from './backing.ts'
import { door } from './door.ts'

export const handler = door(backingOf(process.env))
