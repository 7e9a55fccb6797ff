/** From changes to commands: links become references to real resources. https://hl7.org/fhir/R4/http.html#trules */

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
import { bodyIn, type Change, type Target, type Targets, type WriteChange } from '../request/change.ts'
import { pickPreconditions } from '../request/preconditions.ts'
import { conditionsIn, pathTo } from './conditional-reference.ts'
import { criteriaOf } from './criteria.ts'
import { matchesAfterCommit } from './matches-after-commit.ts'

/**
 * The command of a change, the same command as for an earlier change, a resource that was found, or undefined for a
 * change without a command.
 */
export type Expanded = { command: Command } | { same: Command } | { found: Version } | undefined

const parallelReferences = 16

/** The reference that replaces an entry's `fullUrl`, and the version if it is known before the commit. */
interface EntryReference {
  reference: string
  version?: number
}

const entryReferenceOf = ({ kind }: Change, { type, id, fresh, found }: Target): EntryReference => {
  const reference = referenceTo({ type, id })
  if (fresh) return { reference, version: 1 }
  return found && kind === 'create' ? { reference, version: found.v } : { reference }
}

type EntryReferences = ReadonlyMap<string, EntryReference>

const entryReferencesOf = (changes: readonly Change[], targets: Targets): EntryReferences =>
  new Map(
    changes.flatMap((change, i): [string, EntryReference][] => {
      const target = targets[i]
      return change.kind !== 'read' && change.fullUrl && target
        ? [[sameSpelling(change.fullUrl), entryReferenceOf(change, target)]]
        : []
    }),
  )

/** Returns the base of a `fullUrl`'s relative links: `http://example.org/fhir/` of `http://example.org/fhir/Patient/1`. */
const rootOf = (fullUrl: string | undefined): string | undefined =>
  fullUrl && /^(https?:.*\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.exec(fullUrl)?.[1]

/** A text with links: a resource that is to be written, or a FHIRPath Patch. */
interface TextWithLinks {
  change: WriteChange
  text: string
  /** The conditional references in the text. */
  conditions: readonly string[]
}

const linkedTextOf = (change: Change): string | undefined => {
  if (change.kind !== 'patch') return bodyIn(change)?.text
  const { patch } = change
  return 'type' in patch && patch.type === 'application/fhir+json' ? patch.text : undefined
}

/** Returns the text with links of a change. A patch may contain conditional references only within a Bundle. */
const textWithLinks = (change: Change): TextWithLinks | undefined => {
  if (change.kind === 'read' || (change.kind === 'patch' && change.place === '')) return undefined
  const text = linkedTextOf(change)
  return text === undefined ? undefined : { change, text, conditions: conditionsIn(text) }
}

const conditionsOf = (drafts: readonly TextWithLinks[]): string[] => [
  ...new Set(drafts.flatMap(({ conditions }) => conditions)),
]

type Matches = ReadonlyMap<string, readonly ResourceKey[]>

/** Resolves conditional references, after all other changes of the transaction have their targets. */
const targetsOf = async (
  drafts: readonly TextWithLinks[],
  matching: ReturnType<typeof matchesAfterCommit>,
): Promise<Matches> => {
  const references = conditionsOf(drafts)
  const found = await inParallel(parallelReferences, references, (reference) => {
    const [type = '', query = ''] = reference.split(/\?(.*)/s)
    return matching(criteriaOf(type, query))
  })
  return new Map(references.map((reference, i) => [reference, found[i] ?? []]))
}

const referenceExpression = ({ change, text }: TextWithLinks, reference: string): string => {
  const resource = JSON.parse(text) as Resource
  const root = change.place === '' ? resource.resourceType : `${change.place}.resource`
  return root + (pathTo(resource, reference) ?? '')
}

const unresolvedIn = (each: TextWithLinks, found: Matches): Issue[] =>
  each.conditions.flatMap((reference) => {
    const matches = found.get(reference)?.length ?? 0
    return matches === 1 ? [] : [unresolved(reference, matches, referenceExpression(each, reference))]
  })

/** Returns the new text of a link; undefined to keep the link. */
type Resolve = (link: string) => string | undefined

const versioned = /^(.+)\/_history\/[A-Za-z0-9.-]{1,64}$/

/**
 * Returns the function that resolves the links of an entry. A link to any version of another entry becomes a link to the
 * version that the entry will have, or has already.
 */
const resolver = (fullUrl: string | undefined, places: EntryReferences, byCondition: Matches): Resolve => {
  const root = rootOf(fullUrl)
  const placeAt = (link: string): EntryReference | undefined =>
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

/** Returns the changes with their links rewritten; fails with every conditional reference that has no target or several. */
const link = async (changes: readonly Change[], targets: Targets, context: Context): Promise<Change[]> => {
  const drafts = changes.flatMap((change) => textWithLinks(change) ?? [])
  const places = entryReferencesOf(changes, targets)
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
  ...pickPreconditions(change),
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

/** Returns the result of each change, in their order. */
export const expand = async (
  changes: readonly Change[],
  targets: Targets,
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
