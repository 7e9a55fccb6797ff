/** https://hl7.org/fhir/R4/http.html#trules — from changes to commands: links become references to real resources. */

import type { Resource } from '../../fhir/definitions.ts'
import { rewriteLinks } from '../../fhir/links.ts'
import { referenceTo, sameSpelling } from '../../fhir/references.ts'
import type { Issue } from '../../outcome/failure.ts'
import { unresolved } from '../../outcome/messages.ts'
import { failOn } from '../../outcome/outcome.ts'
import type { Body } from '../../request/body.ts'
import type { Context } from '../../request/context.ts'
import { inParallel } from '../../store/parallel.ts'
import type { ResourceKey, Version } from '../../store/port.ts'
import type { Command } from '../command.ts'
import { bodyIn, type Change, type Target, type WriteChange } from '../request/change.ts'
import { preconditionsOf } from '../request/preconditions.ts'
import { conditionsIn, pathTo } from './conditional-reference.ts'
import { criteriaOf } from './criteria.ts'
import { matchesAfterCommit } from './matches-after-commit.ts'

/** What a change comes to: a command, the same command as another's, a resource that was found, or nothing. */
export type Expanded = { command: Command } | { same: Command } | { found: Version } | undefined

const width = 16

/** What an entry's `fullUrl` stands for once it is done; its version where that is known before. */
interface Place {
  reference: string
  version?: number
}

const placeOf = ({ kind }: Change, { type, id, fresh, found }: Target): Place => {
  const reference = referenceTo({ type, id })
  if (fresh) return { reference, version: 1 }
  return found && kind === 'create' ? { reference, version: found.v } : { reference }
}

type Places = ReadonlyMap<string, Place>

const placesOf = (changes: readonly Change[], targets: readonly (Target | undefined)[]): Places =>
  new Map(
    changes.flatMap((change, i): [string, Place][] => {
      const target = targets[i]
      return change.kind !== 'read' && change.fullUrl && target
        ? [[sameSpelling(change.fullUrl), placeOf(change, target)]]
        : []
    }),
  )

/** `http://example.org/fhir/` of `http://example.org/fhir/Patient/1`: relative links are relative to it. */
const rootOf = (fullUrl: string | undefined): string | undefined =>
  fullUrl && /^(https?:.*\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.exec(fullUrl)?.[1]

/** A text with links: a resource that is to be written, or a FHIRPath Patch. */
interface Draft {
  change: WriteChange
  text: string
  /** The conditional references in it. */
  conditions: readonly string[]
}

const textIn = (change: Change): string | undefined => {
  if (change.kind !== 'patch') return bodyIn(change)?.text
  const { patch } = change
  return 'type' in patch && patch.type === 'application/fhir+json' ? patch.text : undefined
}

/** Only in a Bundle may a patch refer by a search, as a resource may. */
const draft = (change: Change): Draft | undefined => {
  if (change.kind === 'read' || (change.kind === 'patch' && change.place === '')) return undefined
  const text = textIn(change)
  return text === undefined ? undefined : { change, text, conditions: conditionsIn(text) }
}

const conditionsOf = (drafts: readonly Draft[]): string[] => [
  ...new Set(drafts.flatMap(({ conditions }) => conditions)),
]

type Matches = ReadonlyMap<string, readonly ResourceKey[]>

/** Conditional references are resolved last, when everything else of the transaction is done. */
const targetsOf = async (
  drafts: readonly Draft[],
  matching: ReturnType<typeof matchesAfterCommit>,
): Promise<Matches> => {
  const references = conditionsOf(drafts)
  const found = await inParallel(width, references, (reference) => {
    const [type = '', query = ''] = reference.split(/\?(.*)/s)
    return matching(criteriaOf(type, query))
  })
  return new Map(references.map((reference, i) => [reference, found[i] ?? []]))
}

const expressionOf = ({ change, text }: Draft, reference: string): string => {
  const resource = JSON.parse(text) as Resource
  const root = change.place === '' ? resource.resourceType : `${change.place}.resource`
  return root + (pathTo(resource, reference) ?? '')
}

const unresolvedIn = (each: Draft, found: Matches): Issue[] =>
  each.conditions.flatMap((reference) => {
    const matches = found.get(reference)?.length ?? 0
    return matches === 1 ? [] : [unresolved(reference, matches, expressionOf(each, reference))]
  })

/** Says what a link is to become; nothing where it stays. */
type Resolve = (link: string) => string | undefined

const versioned = /^(.+)\/_history\/[A-Za-z0-9.-]{1,64}$/

/** Whatever version of an entry a link names: it has none yet but the one that it gets, or has already. */
const resolver = (fullUrl: string | undefined, places: Places, byCondition: Matches): Resolve => {
  const root = rootOf(fullUrl)
  const placeAt = (link: string): Place | undefined =>
    places.get(sameSpelling(link)) ?? (root === undefined ? undefined : places.get(root + link))
  return (link) => {
    const match = byCondition.get(link)?.[0]
    if (match) return referenceTo(match)
    const place = placeAt(link)
    if (place) return place.reference
    const [, resource] = versioned.exec(link) ?? []
    const { reference = '', version } = (resource && placeAt(resource)) || {}
    return version === undefined ? undefined : `${reference}/_history/${version}`
  }
}

const withFragment = (link: string, resolve: Resolve): string | undefined => {
  const hash = link.indexOf('#')
  if (hash <= 0) return resolve(link)
  const target = resolve(link.slice(0, hash))
  return target === undefined ? undefined : target + link.slice(hash)
}

const linkedBody = (body: Body, text: string): Body =>
  text === body.text ? body : { text, resource: JSON.parse(text) as Resource }

const linkedChange = (change: Change, text: string | undefined): Change => {
  if (text === undefined || change.kind === 'read' || change.kind === 'delete') return change
  if (change.kind === 'patch')
    return 'meta' in change.patch ? change : { ...change, patch: { ...change.patch, text } }
  return { ...change, body: linkedBody(change.body, text) }
}

/** Returns the changes with their links rewritten; fails with every conditional reference that has not one target. */
const link = async (
  changes: readonly Change[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Change[]> => {
  const drafts = changes.flatMap((change) => draft(change) ?? [])
  const places = placesOf(changes, targets)
  const byCondition = await targetsOf(drafts, matchesAfterCommit(changes, targets, context))
  failOn(drafts.flatMap((each) => unresolvedIn(each, byCondition)))
  const texts = new Map<Change, string>(
    drafts.map(({ change, text }) => {
      const resolve = resolver(change.fullUrl, places, byCondition)
      return [change, rewriteLinks(text, (each) => withFragment(each, resolve))]
    }),
  )
  return changes.map((change) => linkedChange(change, texts.get(change)))
}

const commandHead = (change: WriteChange, target: Target) => ({
  type: target.type,
  id: target.id,
  fresh: target.fresh,
  place: change.place,
  ...preconditionsOf(change),
  ...(target.unmatched && { unmatched: true }),
  ...(target.found ? { seen: target.found.v } : {}),
  ...(change.provenance ? { provenance: change.provenance } : {}),
})

const commandFor = (change: WriteChange, target: Target): Command => {
  const head = commandHead(change, target)
  if (change.kind === 'delete') return { kind: 'delete', ...head }
  if (change.kind === 'patch') return { kind: 'patch', ...head, patch: change.patch }
  return { kind: 'put', method: change.kind === 'create' ? 'POST' : 'PUT', ...head, body: change.body }
}

/** Returns what each change comes to, in their order. */
export const expand = async (
  changes: readonly Change[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Expanded[]> => {
  const linked = await link(changes, targets, context)
  const made = new Map<Target, Command>()
  return linked.map((change, i): Expanded => {
    const target = targets[i]
    if (!target || change.kind === 'read') return undefined
    if (change.kind === 'create' && target.found) return { found: target.found }
    const same = made.get(target)
    if (same) return { same }
    const command = commandFor(change, target)
    made.set(target, command)
    return { command }
  })
}
