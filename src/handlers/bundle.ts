/** The door for batches, transactions and system-wide interactions. */

import { streamingDoor } from './door/door.ts'
import { servicesOf } from './door/services.ts'

export const handler = streamingDoor(servicesOf(process.env))
