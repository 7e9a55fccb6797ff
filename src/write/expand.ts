/** https://hl7.org/fhir/R4/http.html#trules — from wishes to commands: links become references to real resources. */

import type { Resource } from '../fhir/definitions.ts'
import { rewriteLinks } from '../fhir/links.ts'
import type { Issue } from '../outcome/failure.ts'
import { unresolved } from '../outcome/messages.ts'
import { failOn } from '../outcome/outcome.ts'
import type { Method, ResourceKey, Version } from '../store/port.ts'
import type { ValidateOptions } from '../validate/validate.ts'
import { matchingAfter } from './among.ts'
import type { Body } from './body.ts'
import type { Command } from './command.ts'
import { conditionsIn, pathTo } from './conditional-reference.ts'
import type { Context } from './context.ts'
import { criteriaOf } from './criteria.ts'
import { validateOptionsOf } from './demands.ts'
import type { Target } from './identify.ts'
import { inParallel } from './parallel.ts'
import { type Patch, type Patcher, patcherOf } from './patch.ts'
import { inPlace, inPlaceLater, patched } from './patched.ts'
import { preconditionsOf } from './preconditions.ts'
import { reads, type Wish } from './wish.ts'

/** What a wish comes to: a command, the same command as another's, a resource that was found, or nothing. */
export type Expanded = { command: Command } | { same: Command } | { found: Version } | undefined

const width = 16

/** A version of an entry's resource, which is about to be version 1 here. */
const versionAddress = ({ fullUrl, body }: Wish, { type, id, fresh }: Target): [string, string][] => {
  const { versionId } = (body?.resource.meta ?? {}) as { versionId?: unknown }
  return fresh && typeof versionId === 'string'
    ? [[`${fullUrl}/_history/${versionId}`, `${type}/${id}/_history/1`]]
    : []
}

const addresses = (wishes: readonly Wish[], targets: readonly (Target | undefined)[]): Map<string, string> =>
  new Map(
    wishes.flatMap((wish, i): [string, string][] => {
      const target = targets[i]
      if (!wish.fullUrl || !target) return []
      return [[wish.fullUrl, `${target.type}/${target.id}`], ...versionAddress(wish, target)]
    }),
  )

/** `http://example.org/fhir/` of `http://example.org/fhir/Patient/1`: relative links are relative to it. */
const rootOf = (fullUrl: string | undefined): string | undefined =>
  fullUrl && /^(https?:.*\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.exec(fullUrl)?.[1]

interface Draft {
  wish: Wish
  body: Body
  /** The conditional references in it. */
  conditions: readonly string[]
}

const draft = (wish: Wish): Draft | undefined =>
  wish.body && !reads(wish) ? { wish, body: wish.body, conditions: conditionsIn(wish.body.text) } : undefined

const conditionsOf = (drafts: readonly Draft[]): string[] => [
  ...new Set(drafts.flatMap(({ conditions }) => conditions)),
]

type Matches = ReadonlyMap<string, readonly ResourceKey[]>

/** Conditional references are resolved last, when everything else of the transaction is done. */
const targetsOf = async (
  drafts: readonly Draft[],
  matching: ReturnType<typeof matchingAfter>,
): Promise<Matches> => {
  const references = conditionsOf(drafts)
  const found = await inParallel(references, width, (reference) => {
    const [type = '', query = ''] = reference.split(/\?(.*)/s)
    return matching(criteriaOf(type, query))
  })
  return new Map(references.map((reference, i) => [reference, found[i] ?? []]))
}

const expressionOf = ({ wish, body }: Draft, reference: string): string =>
  `${wish.place === '' ? body.resource.resourceType : `${wish.place}.resource`}${pathTo(body.resource, reference) ?? ''}`

const unresolvedIn = (each: Draft, found: Matches): Issue[] =>
  each.conditions.flatMap((reference) => {
    const matches = found.get(reference)?.length ?? 0
    return matches === 1 ? [] : [unresolved(reference, matches, expressionOf(each, reference))]
  })

/** Says what a link is to become; nothing where it stays. */
type Resolve = (link: string) => string | undefined

const resolver = (
  fullUrl: string | undefined,
  byUrl: ReadonlyMap<string, string>,
  byCondition: Matches,
): Resolve => {
  const root = rootOf(fullUrl)
  return (link) => {
    const match = byCondition.get(link)?.[0]
    if (match) return `${match.type}/${match.id}`
    return byUrl.get(link) ?? (root === undefined ? undefined : byUrl.get(root + link))
  }
}

const withFragment = (link: string, resolve: Resolve): string | undefined => {
  const hash = link.indexOf('#')
  if (hash <= 0) return resolve(link)
  const target = resolve(link.slice(0, hash))
  return target === undefined ? undefined : target + link.slice(hash)
}

const linked = ({ body }: Draft, resolve: Resolve): Body => {
  const text = rewriteLinks(body.text, (link) => withFragment(link, resolve))
  return text === body.text ? body : { text, resource: JSON.parse(text) as Resource }
}

/** Bodies and patches with their links rewritten. */
interface Linked {
  bodies: ReadonlyMap<Wish, Body>
  patches: ReadonlyMap<Wish, Patch | Patcher>
}

const linkedPatch = (patch: Patch | Patcher, resolve: Resolve): Patch | Patcher =>
  typeof patch === 'function' || patch.type !== 'application/fhir+json'
    ? patch
    : { ...patch, text: rewriteLinks(patch.text, (link) => withFragment(link, resolve)) }

/** Returns what is to be written with its links rewritten; fails with every conditional reference that has not one target. */
const link = async (
  wishes: readonly Wish[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Linked> => {
  const drafts = wishes.flatMap((wish) => draft(wish) ?? [])
  const byUrl = addresses(wishes, targets)
  const byCondition = await targetsOf(drafts, matchingAfter(wishes, targets, context))
  failOn(drafts.flatMap((each) => unresolvedIn(each, byCondition)))
  const resolve = ({ fullUrl }: Wish) => resolver(fullUrl, byUrl, byCondition)
  return {
    bodies: new Map(drafts.map((each) => [each.wish, linked(each, resolve(each.wish))])),
    patches: new Map(
      wishes.flatMap((wish) => (wish.patch ? [[wish, linkedPatch(wish.patch, resolve(wish))]] : [])),
    ),
  }
}

/** What becomes of a wish's target: a body, or a patch of the body that is there. */
interface Making {
  body?: Body
  patcher?: Patcher
}

const madeOf = (
  { place }: Wish,
  { type, id }: Target,
  { body, patcher }: Making,
  options: ValidateOptions,
): Pick<Command, 'body'> => {
  if (patcher) return { body: (before) => inPlace(place, () => patched(type, id, before, patcher, options)) }
  return body ? { body: () => body } : {}
}

const commandFor = (wish: Wish, target: Target, making: Making, context: Context): Command => ({
  method: wish.method as Method,
  type: target.type,
  id: target.id,
  fresh: target.fresh,
  place: wish.place,
  ...madeOf(wish, target, making, validateOptionsOf(context)),
  ...preconditionsOf(wish),
  ...(target.found ? { seen: target.found.v } : {}),
  ...(wish.provenance ? { provenance: wish.provenance } : {}),
})

const patchersFor = async (patches: Linked['patches']): Promise<Map<Wish, Patcher>> => {
  const made = new Map<Wish, Patcher>()
  for (const [wish, patch] of patches) made.set(wish, await inPlaceLater(wish.place, patcherOf(patch)))
  return made
}

/** Returns what each wish comes to, in their order. */
export const expand = async (
  wishes: readonly Wish[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Expanded[]> => {
  const { bodies, patches } = await link(wishes, targets, context)
  const patchers = await patchersFor(patches)
  const made = new Map<Target, Command>()
  return wishes.map((wish, i): Expanded => {
    const target = targets[i]
    if (!target) return undefined
    if (wish.method === 'POST' && target.found) return { found: target.found }
    const same = made.get(target)
    if (same) return { same }
    const body = bodies.get(wish)
    const patcher = patchers.get(wish)
    const making = { ...(body && { body }), ...(patcher && { patcher }) }
    const command = commandFor(wish, target, making, context)
    made.set(target, command)
    return { command }
  })
}
