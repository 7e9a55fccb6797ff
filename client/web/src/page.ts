import type { Client } from 'fhir-kit-client'
import { createContext, useContext } from 'react'
import type { SignedIn } from './auth/session.ts'
import type { RequestLog } from './log/log.ts'

/** What every part of the page may use. */
export interface Page {
  client: Client
  log: RequestLog
  user: SignedIn
  /** Shows a resource as it is on the server. */
  showRaw(type: string, id: string): void
}

export const PageContext = createContext<Page | undefined>(undefined)

/** Returns the page's client, log and user. */
export const usePage = (): Page => {
  const page = useContext(PageContext)
  if (!page) throw new Error('`usePage` stands outside of `PageContext`')
  return page
}

/** Returns whether a user may change records, as far as the page knows; the server decides. */
export const mayWrite = (user: SignedIn): boolean => user.groups.some((group) => group !== 'viewer')
