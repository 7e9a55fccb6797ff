// https://hl7.org/fhir/R4/bundle.html#bundle-types
import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js'
import { parseExact } from '../../exact.ts'
import { type AnyResource, asResource, decoded, InputFailure, parsedJson } from '../input/text.ts'

/** A transaction or batch as it is posted. */
export interface Part {
  text: string
  /** The place of each entry in the file, with the resource's name. */
  places: readonly string[]
}

/** The content of a file as it is posted, and a line about a file that is no transaction or batch. */
export interface Content {
  parts: readonly Part[]
  note?: string
}

const nameOf = ({ resourceType, id }: AnyResource): string => (id ? `${resourceType}/${id}` : resourceType)

const requestFor = ({ resourceType, id }: AnyResource): object =>
  id ? { method: 'PUT', url: `${resourceType}/${id}` } : { method: 'POST', url: resourceType }

/** The resource's own text goes into the entry: written anew, `1.00` would become `1`. */
const entryText = (resource: AnyResource, text: string): string =>
  `{"resource":${text},"request":${JSON.stringify(requestFor(resource))}}`

const batchText = (entries: readonly string[]): string =>
  `{"resourceType":"Bundle","type":"batch","entry":[${entries.join()}]}`

const linesPerPart = 100
const bytesPerPart = 2_000_000

interface Line {
  place: string
  text: string
}

const lineOf = (name: string, bytes: Buffer, number: number): Line[] => {
  const text = decoded(name, bytes, number).trim()
  if (text === '') return []
  const place = `${name}, line ${number}`
  const resource = asResource(place, parsedJson(place, text))
  return [{ place: `line ${number} (${nameOf(resource)})`, text: entryText(resource, text) }]
}

/** Returns resources of a line each as batches of a hundred. */
export const linesContent = (name: string, bytes: Buffer): Content => {
  const parts: Part[] = []
  let lines: Line[] = []
  let size = 0
  const close = (): void => {
    if (lines.length > 0)
      parts.push({ text: batchText(lines.map(({ text }) => text)), places: lines.map(({ place }) => place) })
    lines = []
    size = 0
  }
  for (let at = 0, number = 1; at < bytes.length; number++) {
    const end = bytes.indexOf(0x0a, at)
    const until = end < 0 ? bytes.length : end
    const found = lineOf(name, bytes.subarray(at, until), number)
    lines.push(...found)
    size += until - at
    if (lines.length >= linesPerPart || size >= bytesPerPart) close()
    at = until + 1
  }
  close()
  return { parts, note: 'resources of a line each, written under their own ids' }
}

const placesOf = ({ entry = [] }: Bundle): string[] =>
  entry.map((each, index) => {
    const { resource, fullUrl, request } = each
    const name = resource ? nameOf(resource as AnyResource) : (request?.url ?? '')
    return `Bundle.entry[${index}] (${resource?.id || !fullUrl ? name : `${name} ${fullUrl}`})`
  })

const asIs = (text: string, bundle: Bundle): Content => ({ parts: [{ text, places: placesOf(bundle) }] })

const whole = (resource: AnyResource, text: string, note: string): Content => ({
  parts: [{ text: batchText([entryText(resource, text)]), places: [nameOf(resource)] }],
  note,
})

/** Returns the resources of a Bundle as one transaction, in which links by `urn:` lead to what is written. */
const together = (entries: readonly BundleEntry[], note: string): Content => {
  const entry = entries.flatMap(({ fullUrl, resource }) =>
    resource && resource.resourceType !== 'OperationOutcome'
      ? [{ ...(fullUrl && { fullUrl }), resource, request: requestFor(resource as AnyResource) }]
      : [],
  )
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry } as Bundle
  return { ...asIs(JSON.stringify(bundle), bundle), note }
}

/** A history lists the newest version first: the first one of each resource is the present one. */
const newest = (entries: readonly BundleEntry[]): BundleEntry[] => {
  const seen = new Set<string>()
  return entries.filter(({ resource, request }) => {
    const name = resource ? nameOf(resource as AnyResource) : (request?.url ?? '')
    return !seen.has(name) && seen.add(name)
  })
}

const historyContent = ({ entry = [] }: Bundle): Content => {
  const present = newest(entry)
  const deleted = present.filter(({ resource }) => !resource).length
  const left = deleted > 0 ? `; ${deleted} deleted ones are left out` : ''
  return together(present, `history: the newest version of each resource is written${left}`)
}

const exactBundle = (text: string): Bundle => parseExact(text) as Bundle

const kinds: Readonly<Record<string, (text: string, bundle: Bundle) => Content>> = {
  transaction: asIs,
  batch: asIs,
  collection: (text) =>
    together(exactBundle(text).entry ?? [], 'collection: its resources are written in one transaction'),
  searchset: (text) =>
    together(exactBundle(text).entry ?? [], 'searchset: its resources are written in one transaction'),
  history: (text) => historyContent(exactBundle(text)),
  document: (text, bundle) => whole(bundle as AnyResource, text, 'document: stored whole, as a Bundle'),
  message: (text, bundle) => whole(bundle as AnyResource, text, 'message: stored whole, as a Bundle'),
}

/** Returns how one resource or Bundle is posted; fails with an InputFailure where it cannot be. */
export const contentOf = (name: string, text: string): Content => {
  const resource = asResource(name, parsedJson(name, text))
  if (resource.resourceType !== 'Bundle')
    return whole(resource, text, `one resource, written as ${nameOf(resource)}`)
  const kind = String(resource.type ?? '')
  if (Object.hasOwn(kinds, kind))
    return (kinds[kind] as typeof asIs)(text, resource as FhirResource as Bundle)
  if (kind.endsWith('-response'))
    throw new InputFailure(name, `It is a ${kind}: an answer, which loads nothing.`)
  throw new InputFailure(
    name,
    `It is a Bundle of ${kind ? `type ${kind}, which R4 does not have` : 'no type'}.`,
  )
}
