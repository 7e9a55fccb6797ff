/** https://hl7.org/fhir/R4/http.html#trules — from wishes to commands: links become references to real resources. */

import type { Resource } from '../../fhir/definitions.ts'
import { rewriteLinks } from '../../fhir/links.ts'
import { sameSpelling } from '../../fhir/references.ts'
import type { Issue } from '../../outcome/failure.ts'
import { unresolved } from '../../outcome/messages.ts'
import { failOn } from '../../outcome/outcome.ts'
import type { Body } from '../../request/body.ts'
import type { Context } from '../../request/context.ts'
import type { Method, ResourceKey, Version } from '../../store/port.ts'
import type { ValidateOptions } from '../../validate/validate.ts'
import type { Command } from '../command.ts'
import { inParallel } from '../parallel.ts'
import { type Patch, type Patcher, patcherOf } from '../patch/patch.ts'
import { inPlace, inPlaceLater, patched } from '../patch/patched.ts'
import { validateOptionsOf } from '../policy/policy.ts'
import type { Target } from '../request/change.ts'
import { reads, type Wish } from '../request/change.ts'
import { preconditionsOf } from '../request/preconditions.ts'
import { conditionsIn, pathTo } from './conditional-reference.ts'
import { criteriaOf } from './criteria.ts'
import { matchingAfter } from './matches-after-commit.ts'

/** What a wish comes to: a command, the same command as another's, a resource that was found, or nothing. */
export type Expanded = { command: Command } | { same: Command } | { found: Version } | undefined

const width = 16

/** What an entry's `fullUrl` stands for once it is done; its version where that is known before. */
interface Place {
  reference: string
  version?: number
}

const placeOf = ({ method }: Wish, { type, id, fresh, found }: Target): Place => {
  const reference = `${type}/${id}`
  if (fresh) return { reference, version: 1 }
  return found && method === 'POST' ? { reference, version: found.v } : { reference }
}

type Places = ReadonlyMap<string, Place>

const placesOf = (wishes: readonly Wish[], targets: readonly (Target | undefined)[]): Places =>
  new Map(
    wishes.flatMap((wish, i): [string, Place][] => {
      const target = targets[i]
      return wish.fullUrl && target ? [[sameSpelling(wish.fullUrl), placeOf(wish, target)]] : []
    }),
  )

/** `http://example.org/fhir/` of `http://example.org/fhir/Patient/1`: relative links are relative to it. */
const rootOf = (fullUrl: string | undefined): string | undefined =>
  fullUrl && /^(https?:.*\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.exec(fullUrl)?.[1]

/** A text with links: a resource that is to be written, or a FHIRPath Patch. */
interface Draft {
  wish: Wish
  text: string
  /** The conditional references in it. */
  conditions: readonly string[]
}

const textIn = ({ body, patch }: Wish): string | undefined =>
  typeof patch === 'object' && patch.type === 'application/fhir+json' ? patch.text : body?.text

/** Only in a Bundle may a patch refer by a search, as a resource may. */
const draft = (wish: Wish): Draft | undefined => {
  const text = reads(wish) || (wish.place === '' && wish.patch) ? undefined : textIn(wish)
  return text === undefined ? undefined : { wish, text, conditions: conditionsIn(text) }
}

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

const expressionOf = ({ wish, text }: Draft, reference: string): string => {
  const resource = JSON.parse(text) as Resource
  const root = wish.place === '' ? resource.resourceType : `${wish.place}.resource`
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
    if (match) return `${match.type}/${match.id}`
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

/** Bodies and patches with their links rewritten. */
interface Linked {
  bodies: ReadonlyMap<Wish, Body>
  patches: ReadonlyMap<Wish, Patch | Patcher>
}

const linkedBody = (body: Body, text: string): Body =>
  text === body.text ? body : { text, resource: JSON.parse(text) as Resource }

const linkedPatch = (patch: Patch | Patcher, text: string | undefined): Patch | Patcher =>
  typeof patch === 'function' || text === undefined ? patch : { ...patch, text }

/** Returns what is to be written with its links rewritten; fails with every conditional reference that has not one target. */
const link = async (
  wishes: readonly Wish[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Linked> => {
  const drafts = wishes.flatMap((wish) => draft(wish) ?? [])
  const places = placesOf(wishes, targets)
  const byCondition = await targetsOf(drafts, matchingAfter(wishes, targets, context))
  failOn(drafts.flatMap((each) => unresolvedIn(each, byCondition)))
  const texts = new Map(
    drafts.map(({ wish, text }) => {
      const resolve = resolver(wish.fullUrl, places, byCondition)
      return [wish, rewriteLinks(text, (each) => withFragment(each, resolve))]
    }),
  )
  return {
    bodies: new Map(
      wishes.flatMap((wish) => {
        const text = texts.get(wish)
        return wish.body && text !== undefined ? [[wish, linkedBody(wish.body, text)]] : []
      }),
    ),
    patches: new Map(
      wishes.flatMap((wish) => (wish.patch ? [[wish, linkedPatch(wish.patch, texts.get(wish))]] : [])),
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
  ...(target.unmatched && { unmatched: true }),
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
