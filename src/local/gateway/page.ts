import { existsSync, globSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { callEngine } from '../engines/aws.ts'
import type { DemoUser, Identity } from '../engines/provision.ts'
import { projectRoot } from '../template/template.ts'
import type { WireResponse } from './event.ts'

/** The facts of the stack that the page's `config.json` is made from; docs/page.md explains each member of that file. */
export interface PageFacts {
  stage: string
  origin: string
  identity: Identity
  users: readonly DemoUser[]
  open: boolean
}

/** Returns the page's file for a path, or undefined when the page has no such file. */
export type PageFiles = (target: string) => WireResponse | undefined

const pageDirectory = `${projectRoot}dist/web`

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

const pageResponse = (type: string, body: Buffer | string, cache: string): WireResponse => ({
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
  return pageResponse(
    types[extname(path)] ?? 'application/octet-stream',
    readFileSync(pageDirectory + path),
    lasting,
  )
}

/** Returns the page's files, as built when the stack started. */
export const pageFilesOf = (facts: PageFacts): PageFiles => {
  const names = existsSync(pageDirectory) ? globSync('**/*.*', { cwd: pageDirectory }) : []
  const files = new Map(names.map((name) => [`/${name}`, fileAnswer(`/${name}`)]))
  files.set('/config.json', pageResponse('application/json', JSON.stringify(pageConfig(facts)), 'no-store'))
  const index = files.get('/index.html')
  if (index) files.set('/', index)
  return (target) => files.get(target.replace(/[?#].*$/, ''))
}

/** Allows sign-in to return to the page at each address it may be opened under, besides the template's own. */
export const allowPage = async (
  endpoint: string,
  { poolId, clientId }: Identity,
  port: number,
): Promise<void> => {
  const client = { UserPoolId: poolId, ClientId: clientId }
  const { UserPoolClient } = await callEngine<{ UserPoolClient: { CallbackURLs?: string[] } }>(
    'cognito',
    endpoint,
    'DescribeUserPoolClient',
    client,
  )
  const pages = [`http://localhost:${port}/`, `http://127.0.0.1:${port}/`]
  const before = UserPoolClient.CallbackURLs ?? []
  if (pages.every((url) => before.includes(url))) return
  const CallbackURLs = [...new Set([...before, ...pages])]
  await callEngine('cognito', endpoint, 'UpdateUserPoolClient', { ...client, CallbackURLs })
}
