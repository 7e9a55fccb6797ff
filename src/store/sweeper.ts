import { openSession, type StorePlace } from './dynamo/open.ts'
import { sweep } from './dynamo/transaction/sweep.ts'

/** Returns a function that brings a tenant's large transactions to their end whose writers died and whom nobody has met. */
export const openSweeper = (place: StorePlace) => {
  const sessionOf = openSession(place)
  return (tenant: string) => sweep(sessionOf(tenant))
}
