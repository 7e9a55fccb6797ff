import { InMemoryWebStorage, OidcClient, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import type { AuthConfig, DemoUser } from '../config.ts'
import type { Credentials } from '../fhir/connection.ts'
import { refreshed, type Tokens } from './refresh.ts'

/** Who is signed in. */
export interface SignedIn {
  id: string
  name: string
  groups: readonly string[]
}

/** Signing in and out with authorization code and PKCE; tokens live in this page's memory and nowhere else. */
export interface Session {
  credentials: Credentials
  /** Returns who is signed in, after finishing a sign-in under way; undefined when nobody is. */
  restore(): Promise<SignedIn | undefined>
  signIn(): Promise<void>
  demoSignIn(user: DemoUser): Promise<void>
  signOut(): void
}

/** Says that this tab was signed in, and as which demonstration user, so that a reload need not ask. No token. */
const marker = 'pilotlight.signed-in'
const hosted = '*'

const home = (): string => `${location.origin}${location.pathname}`

const settings = (auth: AuthConfig) => ({
  authority: auth.issuer,
  metadata: {
    issuer: auth.issuer,
    authorization_endpoint: auth.authorizationEndpoint,
    token_endpoint: auth.tokenEndpoint,
  },
  client_id: auth.clientId,
  redirect_uri: home(),
  response_type: 'code',
  scope: auth.scopes.join(' '),
  loadUserInfo: false,
  stateStore: new WebStorageStateStore({ store: sessionStorage, prefix: 'pilotlight.oidc.' }),
})

const signedIn = (user: User): SignedIn => {
  const profile = user.profile as Record<string, unknown>
  return {
    id: user.profile.sub,
    name: String(profile['cognito:username'] ?? user.profile.name ?? user.profile.email ?? user.profile.sub),
    groups: (profile['cognito:groups'] as string[] | undefined) ?? [],
  }
}

/** Sends a demonstration user's password to the local pool's own sign-in form, as a click there would. */
const submitForm = (url: string, user: DemoUser): void => {
  const form = document.createElement('form')
  const target = new URL(url)
  const values = {
    ...Object.fromEntries(target.searchParams),
    username: user.username,
    password: user.password,
  }
  form.method = 'post'
  form.action = target.origin + target.pathname
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement('input')
    Object.assign(input, { type: 'hidden', name, value })
    form.append(input)
  }
  document.body.append(form)
  form.submit()
}

const logoutUrl = (auth: AuthConfig): string | undefined => {
  if (!auth.logoutEndpoint) return undefined
  const query = new URLSearchParams({ client_id: auth.clientId, logout_uri: home() })
  return `${auth.logoutEndpoint}?${query}`
}

const returned = (): boolean => {
  const query = new URLSearchParams(location.search)
  return query.has('state') && (query.has('code') || query.has('error'))
}

const finish = async (manager: UserManager): Promise<User | undefined> => {
  try {
    const user = await manager.signinCallback()
    history.replaceState(null, '', `${home()}${typeof user?.state === 'string' ? user.state : ''}`)
    return user
  } catch (error) {
    history.replaceState(null, '', home())
    sessionStorage.removeItem(marker)
    throw error
  }
}

const renewed = async (auth: AuthConfig, tokens: Tokens | undefined): Promise<Tokens | undefined> =>
  tokens && refreshed(auth, tokens)

/** Returns the session of a user pool; `ended` is called when only signing in again helps. */
export const createSession = (auth: AuthConfig, ended: () => void): Session => {
  const userStore = new WebStorageStateStore({ store: new InMemoryWebStorage() })
  const manager = new UserManager({ ...settings(auth), userStore, automaticSilentRenew: false })
  let tokens: Tokens | undefined
  let renewing: Promise<boolean> | undefined
  const renew = (): Promise<boolean> => {
    renewing ??= renewed(auth, tokens).then((next) => {
      tokens = next
      renewing = undefined
      return next !== undefined
    })
    return renewing
  }
  const signIn = (): Promise<void> => {
    sessionStorage.setItem(marker, hosted)
    return manager.signinRedirect({ state: location.hash })
  }
  const demoSignIn = async (user: DemoUser): Promise<void> => {
    sessionStorage.setItem(marker, user.username)
    const request = await new OidcClient(settings(auth)).createSigninRequest({
      state: location.hash,
      request_type: 'si:r',
    })
    submitForm(request.url, user)
  }
  const resume = async (): Promise<undefined> => {
    const name = sessionStorage.getItem(marker)
    const demo = auth.demoUsers?.find((user) => user.username === name)
    if (demo) await demoSignIn(demo)
    else if (name === hosted) await signIn()
    return name === null ? undefined : new Promise<undefined>(() => undefined)
  }
  return {
    credentials: { token: () => tokens?.id, renew, expired: ended },
    restore: async () => {
      if (!returned()) return resume()
      const user = await finish(manager)
      tokens = user?.id_token ? { id: user.id_token, refresh: user.refresh_token } : undefined
      await manager.removeUser()
      return user && signedIn(user)
    },
    signIn,
    demoSignIn,
    signOut: () => {
      sessionStorage.removeItem(marker)
      tokens = undefined
      location.replace(logoutUrl(auth) ?? home())
    },
  }
}

/** Returns the session of a server that asks for no sign-in. */
export const openSession = (): Session => ({
  credentials: { token: () => undefined, renew: async () => false, expired: () => undefined },
  restore: async () => ({ id: 'open', name: 'open access', groups: ['admin'] }),
  signIn: async () => undefined,
  demoSignIn: async () => undefined,
  signOut: () => undefined,
})
