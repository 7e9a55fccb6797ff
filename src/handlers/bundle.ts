/** The door for batches and transactions, and what concerns the whole system. */

import { backingOf } from './backing.ts'
import { streamingDoor } from './door.ts'

export const handler = streamingDoor(backingOf(process.env))
