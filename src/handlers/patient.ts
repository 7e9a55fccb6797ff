/** The door for everything at or below /Patient. */

import { backingOf } from './backing.ts'
import { door } from './door.ts'

export const handler = door(backingOf(process.env))
