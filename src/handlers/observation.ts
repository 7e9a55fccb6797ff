/** The door for everything at or below /Observation. */

import { streamingDoor } from './door/door.ts'
import { servicesOf } from './door/services.ts'

export const handler = streamingDoor(servicesOf(process.env))
