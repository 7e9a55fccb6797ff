/** The door for every other type. */

import { backingOf } from './backing.ts'
import { streamingDoor } from './door.ts'

export const handler = streamingDoor(backingOf(process.env))
