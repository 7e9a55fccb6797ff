/** The door for batches and transactions, and what concerns the whole system. */

import { backingOf } from './backing.ts'
import { door } from './door.ts'

export const handler = door(backingOf(process.env))
