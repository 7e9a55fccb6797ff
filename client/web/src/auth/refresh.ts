import type { AuthConfig } from '../config.ts'

/** What the token endpoint gives for a refresh token, https://datatracker.ietf.org/doc/html/rfc6749#section-6 */
interface Refreshed {
  id_token?: string
  refresh_token?: string
}

/** The tokens the page holds, in memory only. */
export interface Tokens {
  id: string
  refresh: string | undefined
}

const subject = (token: string): unknown => {
  const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
  return (JSON.parse(atob(payload)) as { sub?: unknown }).sub
}

/** Returns new tokens of the same user for a refresh token; undefined when only signing in again helps. */
export const refreshed = async (auth: AuthConfig, { id, refresh }: Tokens): Promise<Tokens | undefined> => {
  if (!refresh) return undefined
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: auth.clientId,
    refresh_token: refresh,
  })
  const response = await fetch(auth.tokenEndpoint, { method: 'POST', body }).catch(() => undefined)
  if (!response?.ok) return undefined
  const answer = (await response.json()) as Refreshed
  if (!answer.id_token || subject(answer.id_token) !== subject(id)) return undefined
  return { id: answer.id_token, refresh: answer.refresh_token ?? refresh }
}
