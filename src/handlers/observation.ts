/** The door for everything at or below /Observation. */

import { streamingDoor } from './door/door.ts'
import { backingOf } from './door/services.ts'

export const handler = streamingDoor(backingOf(process.env))
