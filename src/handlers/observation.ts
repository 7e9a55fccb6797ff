/** The door for everything at or below /Observation. */

import { backingOf } from './backing.ts'
import { streamingDoor } from './door.ts'

export const handler = streamingDoor(backingOf(process.env))
