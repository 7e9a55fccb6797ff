/** The door for batches and transactions, and what concerns the whole system. */

import { streamingDoor } from './door/door.ts'
import { servicesOf } from './door/services.ts'

export const handler = streamingDoor(servicesOf(process.env))
