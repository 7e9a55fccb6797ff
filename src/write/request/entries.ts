/** https://hl7.org/fhir/R4/bundle.html#bdl-3 and https://hl7.org/fhir/R4/http.html#transaction */

import type { Resource } from '../../fhir/definitions.ts'
import { type Json, objectOrEmpty } from '../../fhir/json/object.ts'
import { bundleEntryTexts } from '../../fhir/json/splice.ts'
import { bareType } from '../../fhir/media-type.ts'
import { error, Failure, type Issue } from '../../outcome/failure.ts'
import { tooManyEntries } from '../../outcome/messages.ts'
import { type Body, isResource, parseJson } from '../../request/body.ts'
import { validate } from '../../validate/validate.ts'
import { type Patch, patchTypes, type SentPatch } from '../patch/patch.ts'

export const entryMethods = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET', 'HEAD'] as const
export type EntryMethod = (typeof entryMethods)[number]

/** An entry of a batch or transaction. */
export interface BundleEntry {
  /** The entry's path in the request: `Bundle.entry[3]`. */
  place: string
  method: EntryMethod
  /** The path below the service base and the query, as in an HTTP request. */
  path: string
  query: readonly (readonly [name: string, value: string])[]
  fullUrl: string | undefined
  /** The entry's conditions as HTTP headers. */
  headers: Readonly<Record<string, string>>
  body: Body | undefined
  /** For PATCH, in place of a body. */
  patch?: Patch
}

/** Returns whether an entry only reads and is therefore answered after the commit. */
export const isReadEntry = ({ method }: Pick<BundleEntry, 'method'>): boolean =>
  method === 'GET' || method === 'HEAD'

/** The entry, or the issues of a malformed entry. */
export type EntryRead = { entry: BundleEntry; issues: [] } | { entry: undefined; issues: Issue[] }

const maxEntries = 50_000

const conditionHeaders = {
  ifMatch: 'if-match',
  ifNoneMatch: 'if-none-match',
  ifModifiedSince: 'if-modified-since',
  ifNoneExist: 'if-none-exist',
} as const

const headersOf = (request: Json): Record<string, string> =>
  Object.fromEntries(
    Object.entries(conditionHeaders).flatMap(([member, header]) =>
      typeof request[member] === 'string' ? [[header, request[member]]] : [],
    ),
  )

const isMethod = (value: unknown): value is EntryMethod => entryMethods.some((method) => method === value)

const takesBody = (method: EntryMethod): boolean =>
  method === 'POST' || method === 'PUT' || method === 'PATCH'

const requestIssues = (request: unknown, resource: unknown, place: string): Issue[] => {
  if (request === undefined)
    return [
      error(
        'required',
        '`request` is missing: say what is to be done, by `method` and `url`.',
        `${place}.request`,
      ),
    ]
  const { method, url } = objectOrEmpty(request)
  if (!isMethod(method))
    return [
      error(
        'required',
        `\`request.method\` must be one of ${entryMethods.join(', ')}.`,
        `${place}.request.method`,
      ),
    ]
  if (typeof url !== 'string')
    return [
      error('required', '`request.url` is missing: say what the entry is about.', `${place}.request.url`),
    ]
  if (takesBody(method) && !isResource(resource))
    return [
      error('required', `A ${method} needs a \`resource\` with a \`resourceType\`.`, `${place}.resource`),
    ]
  return !takesBody(method) && resource !== undefined
    ? [error('invalid', `A ${method} takes no \`resource\`; leave it out.`, `${place}.resource`)]
    : []
}

const pathBelow = (url: string, base: string): string =>
  url.startsWith(base) && /^(?:[/?]|$)/.test(url.slice(base.length)) ? url.slice(base.length) : url

const decodedUrlPath = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Returns a URL of a Bundle's entry as path below the base and ordered query pairs. */
export const splitUrl = (url: string, base: string): Pick<BundleEntry, 'path' | 'query'> => {
  const [path = '', ...query] = pathBelow(url, base).split('?')
  const parts = path.split('/').filter((part) => part !== '')
  return { path: decodedUrlPath(parts.join('/')), query: [...new URLSearchParams(query.join('?'))] }
}

/**
 * Returns the patch of an entry: a FHIRPath Patch is sent as Parameters, a JSON Patch or XML Patch in a Binary.
 * https://hl7.org/fhir/R4/http.html#trules
 */
const patchIn = ({ resourceType, contentType, data }: Resource, text: string): SentPatch | undefined => {
  if (resourceType === 'Parameters') return { type: 'application/fhir+json', text }
  const type = bareType(String(contentType))
  return resourceType === 'Binary' && patchTypes.includes(type) && typeof data === 'string'
    ? { type, text: Buffer.from(data, 'base64').toString('utf8') }
    : undefined
}

const notAPatch = (place: string): Issue =>
  error(
    'invalid',
    `A PATCH needs Parameters, or a Binary with the patch as \`data\` and as \`contentType\` one of ${patchTypes.join(', ')}.`,
    `${place}.resource`,
  )

/** Returns the issues of a patch that is not well-formed JSON, on which later readers by position rely. */
const patchIssues = ({ type, text }: SentPatch, place: string): readonly Issue[] => {
  if (type !== 'application/fhir+json') return []
  try {
    parseJson(text)
    return []
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return thrown.issues.map(({ kind, diagnostics }) => error(kind, diagnostics, `${place}.resource`))
  }
}

const readEntry = (json: unknown, text: string | undefined, position: number, base: string): EntryRead => {
  const place = `Bundle.entry[${position}]`
  const { request, resource, fullUrl } = objectOrEmpty(json)
  const asked = objectOrEmpty(request)
  const issues = requestIssues(request, resource, place)
  if (issues.length > 0) return { entry: undefined, issues }
  const entry: BundleEntry = {
    place,
    method: asked.method as EntryMethod,
    ...splitUrl(asked.url as string, base),
    fullUrl: typeof fullUrl === 'string' ? fullUrl : undefined,
    headers: headersOf(asked),
    body: undefined,
  }
  if (!isResource(resource) || text === undefined) return { entry, issues: [] }
  if (entry.method !== 'PATCH') return { entry: { ...entry, body: { resource, text } }, issues: [] }
  const patch = patchIn(resource, text)
  const wrong = patch ? patchIssues(patch, place) : [notAPatch(place)]
  return wrong.length > 0
    ? { entry: undefined, issues: [...wrong] }
    : { entry: { ...entry, ...(patch && { patch }) }, issues: [] }
}

/**
 * Returns the entries of a Bundle with the original texts of their resources; `wrong` has the issues of malformed entries
 * by position.
 */
export const readEntries = (
  bundle: Body,
  base: string,
  wrong: ReadonlyMap<number, Issue[]> = new Map(),
): EntryRead[] => {
  const { entry } = bundle.resource
  const entries: unknown[] = Array.isArray(entry) ? entry : []
  if (entries.length > maxEntries) throw tooManyEntries(entries.length, maxEntries)
  const texts = bundleEntryTexts(bundle.text)
  return entries.map((json, position) => {
    const issues = wrong.get(position)
    return issues ? { entry: undefined, issues } : readEntry(json, texts[position], position, base)
  })
}

const entryPlacePattern = /^Bundle\.entry\[(\d+)\]/

/** Returns the issues of the Bundle itself, and the issues of its entries by position. */
export const wrapperIssues = (
  bundle: Resource,
): { whole: Issue[]; entries: ReadonlyMap<number, Issue[]> } => {
  const issues = validate(wrapperOf(bundle), 'Bundle').filter(({ severity }) => severity === 'error')
  const positioned = issues.map((issue) => ({
    issue,
    position: entryPlacePattern.exec(issue.expression ?? '')?.[1],
  }))
  const entries = new Map<number, Issue[]>()
  for (const { issue, position } of positioned)
    if (position !== undefined) entries.set(+position, [...(entries.get(+position) ?? []), issue])
  return {
    whole: positioned.filter(({ position }) => position === undefined).map(({ issue }) => issue),
    entries,
  }
}

/** Returns an entry without its resource. A missing `request` is reported later, entry by entry. */
const withoutResource = (entry: unknown): Json => {
  const { resource, request = { method: 'GET', url: 'Bundle' }, ...rest } = objectOrEmpty(entry)
  return { ...rest, request }
}

/** Returns the Bundle without its resources, which are checked separately. */
const wrapperOf = (bundle: Resource): Resource =>
  Array.isArray(bundle.entry) ? { ...bundle, entry: bundle.entry.map(withoutResource) } : bundle
