/** https://hl7.org/fhir/R4/http.html#trules — from wishes to commands: links become references to real resources. */

import type { Resource } from '../fhir/definitions.ts'
import { rewriteLinks } from '../fhir/links.ts'
import type { Issue } from '../outcome/failure.ts'
import { unresolved } from '../outcome/messages.ts'
import { failOn } from '../outcome/outcome.ts'
import type { Method, Version } from '../store/port.ts'
import type { ValidateOptions } from '../validate/validate.ts'
import type { Body } from './body.ts'
import type { Command } from './command.ts'
import { conditionsIn, pathTo } from './conditional-reference.ts'
import type { Context } from './context.ts'
import { criteriaOf, matching } from './criteria.ts'
import { validateOptionsOf } from './demands.ts'
import type { Target } from './identify.ts'
import { inParallel } from './parallel.ts'
import { type Patcher, patcherOf } from './patch.ts'
import { inPlace, inPlaceLater, patched } from './patched.ts'
import { reads, type Wish } from './wish.ts'

/** What a wish comes to: a command, the same command as another's, a resource that was found, or nothing. */
export type Expanded = { command: Command } | { same: Command } | { found: Version } | undefined

const width = 16

const addresses = (wishes: readonly Wish[], targets: readonly (Target | undefined)[]): Map<string, string> =>
  new Map(
    wishes.flatMap((wish, i): [string, string][] => {
      const target = targets[i]
      return wish.fullUrl && target ? [[wish.fullUrl, `${target.type}/${target.id}`]] : []
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

const findTarget = async (reference: string, context: Context): Promise<readonly Version[]> => {
  const [type = '', query = ''] = reference.split(/\?(.*)/s)
  return matching(criteriaOf(type, query), context)
}

const targetsOf = async (
  drafts: readonly Draft[],
  context: Context,
): Promise<Map<string, readonly Version[]>> => {
  const references = conditionsOf(drafts)
  const found = await inParallel(references, width, (reference) => findTarget(reference, context))
  return new Map(references.map((reference, i) => [reference, found[i] ?? []]))
}

const expressionOf = ({ wish, body }: Draft, reference: string): string =>
  `${wish.place === '' ? body.resource.resourceType : `${wish.place}.resource`}${pathTo(body.resource, reference) ?? ''}`

const unresolvedIn = (each: Draft, found: ReadonlyMap<string, readonly Version[]>): Issue[] =>
  each.conditions.flatMap((reference) => {
    const matches = found.get(reference)?.length ?? 0
    return matches === 1 ? [] : [unresolved(reference, matches, expressionOf(each, reference))]
  })

/** Says what a link is to become; nothing where it stays. */
type Resolve = (link: string) => string | undefined

const resolver = (
  fullUrl: string | undefined,
  byUrl: ReadonlyMap<string, string>,
  byCondition: ReadonlyMap<string, readonly Version[]>,
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

/** Returns the bodies with their links rewritten; fails with every conditional reference that has not one target. */
const linkedBodies = async (
  wishes: readonly Wish[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Map<Wish, Body>> => {
  const drafts = wishes.flatMap((wish) => draft(wish) ?? [])
  const byUrl = addresses(wishes, targets)
  const byCondition = await targetsOf(drafts, context)
  failOn(drafts.flatMap((each) => unresolvedIn(each, byCondition)))
  return new Map(
    drafts.map((each) => [each.wish, linked(each, resolver(each.wish.fullUrl, byUrl, byCondition))]),
  )
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
  ...(wish.ifMatch === undefined ? {} : { ifMatch: wish.ifMatch }),
  ...(target.found ? { seen: target.found.v } : {}),
  ...(wish.ifAbsent ? { ifAbsent: true } : {}),
  ...(wish.provenance ? { provenance: wish.provenance } : {}),
})

const patchersFor = async (wishes: readonly Wish[]): Promise<Map<Wish, Patcher>> => {
  const made = new Map<Wish, Patcher>()
  for (const wish of wishes)
    if (wish.patch) made.set(wish, await inPlaceLater(wish.place, patcherOf(wish.patch)))
  return made
}

/** Returns what each wish comes to, in their order. */
export const expand = async (
  wishes: readonly Wish[],
  targets: readonly (Target | undefined)[],
  context: Context,
): Promise<Expanded[]> => {
  const bodies = await linkedBodies(wishes, targets, context)
  const patchers = await patchersFor(wishes)
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
