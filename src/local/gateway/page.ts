import { existsSync, globSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { call } from '../engines/aws.ts'
import type { DemoUser, Identity } from '../engines/provision.ts'
import { projectRoot } from '../template/template.ts'
import type { WireResponse } from './event.ts'

/** What the page is told of the stack it is served by; docs/page.md says what each member of its file means. */
export interface PageFacts {
  stage: string
  origin: string
  identity: Identity
  users: readonly DemoUser[]
  open: boolean
}

/** Returns the page's answer to a path, or undefined when the path is not one of the page's. */
export type Page = (target: string) => WireResponse | undefined

const directory = `${projectRoot}dist/web`

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const roles: Record<string, string> = {
  clinician: 'reads and writes',
  admin: 'everything',
  loader: 'posts bundles, reads',
  viewer: 'reads only',
}

/** Returns `/config.json`. */
export const pageConfig = ({ stage, origin, identity, users, open }: PageFacts) => ({
  fhirBaseUrl: `/${stage}`,
  auth: open
    ? null
    : {
        issuer: `${origin}/${identity.poolId}`,
        authorizationEndpoint: '/oauth2/authorize',
        tokenEndpoint: '/oauth2/token',
        clientId: identity.clientId,
        scopes: ['openid', 'email', 'profile'],
        demoUsers: users.map(({ name, password, group }) => ({
          username: name,
          password,
          role: roles[group] ?? group,
        })),
      },
})

const ok = (type: string, body: Buffer | string, cache: string): WireResponse => ({
  status: 200,
  headers: [
    ['Content-Type', type],
    ['Cache-Control', cache],
    ['Content-Security-Policy', policy],
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'same-origin'],
  ],
  body,
})

const fileAnswer = (path: string): WireResponse => {
  const lasting = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  return ok(types[extname(path)] ?? 'application/octet-stream', readFileSync(directory + path), lasting)
}

/** Returns the page, its files as they were built when the stack started. */
export const pageOf = (facts: PageFacts): Page => {
  const names = existsSync(directory) ? globSync('**/*.*', { cwd: directory }) : []
  const files = new Map(names.map((name) => [`/${name}`, fileAnswer(`/${name}`)]))
  files.set('/config.json', ok('application/json', JSON.stringify(pageConfig(facts)), 'no-store'))
  const index = files.get('/index.html')
  if (index) files.set('/', index)
  return (target) => files.get(target.replace(/[?#].*$/, ''))
}

/** Lets sign-in come back to the page at the addresses it may be opened under, and to the template's own. */
export const allowPage = async (
  endpoint: string,
  { poolId, clientId }: Identity,
  port: number,
): Promise<void> => {
  const client = { UserPoolId: poolId, ClientId: clientId }
  const { UserPoolClient } = await call<{ UserPoolClient: { CallbackURLs?: string[] } }>(
    'cognito',
    endpoint,
    'DescribeUserPoolClient',
    client,
  )
  const pages = [`http://localhost:${port}/`, `http://127.0.0.1:${port}/`]
  const before = UserPoolClient.CallbackURLs ?? []
  if (pages.every((url) => before.includes(url))) return
  const CallbackURLs = [...new Set([...before, ...pages])]
  await call('cognito', endpoint, 'UpdateUserPoolClient', { ...client, CallbackURLs })
}
