/** The door for all further resource types. */

import { streamingDoor } from './door/door.ts'
import { servicesOf } from './door/services.ts'

export const handler = streamingDoor(servicesOf(process.env))
