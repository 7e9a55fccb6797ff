/** The door for every other type. */

import { backingOf } from './backing.ts'
import { door } from './door.ts'

export const handler = door(backingOf(process.env))
