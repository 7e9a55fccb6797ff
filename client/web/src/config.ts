/** `/config.json`, which whoever serves the page puts beside it; docs/page.md says what each member means. */
export interface PageConfig {
  fhirBaseUrl: string
  /** Absent or null when the server asks for no sign-in. */
  auth?: AuthConfig | null
}

export interface AuthConfig {
  issuer: string
  authorizationEndpoint: string
  tokenEndpoint: string
  logoutEndpoint?: string
  clientId: string
  scopes: readonly string[]
  demoUsers?: readonly DemoUser[]
}

/** A user of a demonstration, whose password is no secret. */
export interface DemoUser {
  username: string
  password: string
  /** What this user may do, in a few words. */
  role: string
}

const resolved = (url: string): string => new URL(url, document.baseURI).href

const absoluteAuth = (auth: AuthConfig): AuthConfig => ({
  ...auth,
  authorizationEndpoint: resolved(auth.authorizationEndpoint),
  tokenEndpoint: resolved(auth.tokenEndpoint),
})

const absolute = (config: PageConfig): PageConfig => ({
  ...config,
  fhirBaseUrl: resolved(config.fhirBaseUrl).replace(/\/$/, ''),
  ...(config.auth ? { auth: absoluteAuth(config.auth) } : {}),
})

/** Returns the configuration the page is served with. */
export const loadConfig = async (): Promise<PageConfig> => {
  const response = await fetch('config.json', { cache: 'no-store' })
  if (!response.ok) throw new Error(`\`config.json\` answered ${response.status}`)
  return absolute((await response.json()) as PageConfig)
}
