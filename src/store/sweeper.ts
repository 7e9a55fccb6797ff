import { openSession, type StorePlace } from './dynamo/open.ts'
import { sweep } from './dynamo/transaction/sweep.ts'

/** Returns a function that completes or aborts a tenant's large transactions whose writers died. */
export const openSweeper = (place: StorePlace) => {
  const sessionOf = openSession(place)
  return (tenant: string) => sweep(sessionOf(tenant))
}
