/** https://hl7.org/fhir/R4/valueset.html#expansion */

import { type Failure, failure } from '../../outcome/failure.ts'
import type { Judge } from '../membership.ts'
import type { CodeSystemConcept, ComposePart, ValueSetResource } from '../resources.ts'
import { type CodeNode, type CodeSystemGraph, isInactive, nodeOf } from '../systems/graph.ts'
import { composeOf, isPartial } from './compose.ts'
import { judgeOf, nodeJudge } from './judge.ts'
import type { LoadedTerminology } from './loaded.ts'

/** A code of a value set, with its entries in the value set and in the code system. */
export interface ExpandedCode {
  system: string
  version?: string
  code: string
  display?: string
  /** The entry in the value set. */
  listed?: CodeSystemConcept
  /** The entry in the code system. */
  node?: CodeNode
}

/**
 * The most codes that an expansion may have, in number of codes: about as many as a function works out in its
 * 29 s.
 */
export const mostExpandedCodes = 200_000

/**
 * Returns every code of a value set in its order. Fails with `not-found` where a part is not loaded, with
 * `too-costly` above `mostExpandedCodes`.
 */
export const codesOfValueSet = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
): readonly ExpandedCode[] => {
  judgeOf(held, valueSet)
  const known = new Map<ValueSetResource, readonly ExpandedCode[]>()
  const expand = (set: ValueSetResource): readonly ExpandedCode[] => {
    const codes = known.get(set) ?? codesOfSet(held, set, expand)
    known.set(set, codes)
    return codes
  }
  return expand(valueSet)
}

/** Returns the code systems that a value set draws from and that are held only in part, so that there may be more codes. */
export const incompleteSystems = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
  seen: Set<ValueSetResource> = new Set(),
): readonly CodeSystemGraph[] =>
  composeOf(valueSet).include.flatMap(({ system: url, version, concept, valueSet: sets = [] }) => {
    const system = url === undefined || concept ? undefined : held.system(url, version)
    if (url !== undefined) return system && !system.complete ? [system] : []
    return sets.map(held.valueSet).flatMap((set) => {
      if (!set || seen.has(set)) return []
      seen.add(set)
      return incompleteSystems(held, set, seen)
    })
  })

type Expand = (valueSet: ValueSetResource) => readonly ExpandedCode[]

const codeKey = ({ system, code }: ExpandedCode): string => `${system}|${code}`

const codesOfSet = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
  expand: Expand,
): readonly ExpandedCode[] => {
  if (isPartial(valueSet)) throw notLoaded([`the definition of \`${valueSet.url ?? valueSet.id ?? 'it'}\``])
  const { include, exclude = [], inactive } = composeOf(valueSet)
  const barred = exclude.map((part) => certain(held, partJudgeOf(held, part)))
  const found = new Map<string, ExpandedCode>()
  for (const part of include)
    for (const code of codesOfInclude(held, part, expand)) {
      if (found.has(codeKey(code)) || barred.some((judge) => judge(code))) continue
      if (inactive === false && code.node && isInactive(code.node)) continue
      found.set(codeKey(code), code)
      if (found.size > mostExpandedCodes) throw tooManyToExpand()
    }
  return [...found.values()]
}

/** A part by itself is a value set of its own. */
const partJudgeOf = (held: LoadedTerminology, part: ComposePart): Judge =>
  judgeOf(held, { resourceType: 'ValueSet', compose: { include: [part] } })

/** Returns a judge that fails with `not-found` in place of the answer `unknown`. */
const certain =
  (held: LoadedTerminology, judge: Judge) =>
  ({ system, code }: ExpandedCode): boolean => {
    const { answer } = judge({ system, code })
    if (answer === 'unknown') throw notLoaded(held.missing)
    return answer === 'yes'
  }

const codesOfInclude = (
  held: LoadedTerminology,
  part: ComposePart,
  expand: Expand,
): readonly ExpandedCode[] => {
  const { system, valueSet = [] } = part
  const [first, ...others] = system === undefined ? valueSet : [undefined, ...valueSet]
  const codes =
    system === undefined ? codesOfHeld(held, first ?? '', expand) : codesOfSystem(held, part, system)
  const within = others
    .filter((canonical) => canonical !== undefined)
    .map((canonical) => certain(held, partJudgeOf(held, { valueSet: [canonical] })))
  return within.length === 0 ? codes : codes.filter((code) => within.every((judge) => judge(code)))
}

const codesOfHeld = (held: LoadedTerminology, canonical: string, expand: Expand): readonly ExpandedCode[] => {
  const valueSet = held.valueSet(canonical)
  if (!valueSet) throw notLoaded([`the value set \`${canonical}\``])
  return expand(valueSet)
}

const codesOfSystem = (held: LoadedTerminology, part: ComposePart, url: string): readonly ExpandedCode[] => {
  const system = held.system(url, part.version)
  const version = system?.version ?? part.version
  const from = { system: url, ...(version !== undefined && { version }) }
  if (part.concept) return part.concept.map((listed) => ({ ...from, ...listedCode(listed, system) }))
  if (!system) throw notLoaded([`the code system \`${part.version ? `${url}|${part.version}` : url}\``])
  const judge = nodeJudge(system, part.filter ?? [])
  return [...system.nodes.values()]
    .filter((node) => judge(node) === 'yes')
    .map((node) => ({
      ...from,
      code: node.code,
      ...(node.display !== undefined && { display: node.display }),
      node,
    }))
}

const listedCode = (listed: CodeSystemConcept, system: CodeSystemGraph | undefined) => {
  const node = system && nodeOf(system, listed.code)
  const display = listed.display ?? node?.display
  return { code: listed.code, listed, ...(node && { node }), ...(display !== undefined && { display }) }
}

const notLoaded = (missing: readonly string[]): Failure =>
  failure(
    'not-found',
    `The value set cannot be expanded: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not held. Load it as a resource first.`,
  )

const tooManyToExpand = (): Failure =>
  failure('too-costly', `The value set has more than ${mostExpandedCodes} codes. Narrow it with a filter.`)
