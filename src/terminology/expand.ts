/** https://hl7.org/fhir/R4/valueset.html#expansion */

import { type Failure, failure } from '../outcome/failure.ts'
import type { Held } from './held.ts'
import { composeOf, isPartial, type Judge, judgeOf, nodeJudge } from './judge.ts'
import type { Concept, Part, ValueSet } from './resources.ts'
import { isInactive, type Node, nodeOf, type System } from './system.ts'

/** A code of a value set, with what the value set and the code system say of it. */
export interface Code {
  system: string
  version?: string
  code: string
  display?: string
  /** As the value set lists it. */
  listed?: Concept
  /** As the code system has it. */
  node?: Node
}

/** More codes than one answer could hold, and no more than can be worked out in time. */
export const mostCodes = 200_000

/** Returns every code of a value set in its order. Fails with `not-found` where that takes what is not held. */
export const codesIn = (held: Held, valueSet: ValueSet): readonly Code[] => {
  judgeOf(held, valueSet)
  const known = new Map<ValueSet, readonly Code[]>()
  const expand = (set: ValueSet): readonly Code[] => {
    const codes = known.get(set) ?? codesOfSet(held, set, expand)
    known.set(set, codes)
    return codes
  }
  return expand(valueSet)
}

/** Returns the code systems that a value set draws from and that are held only in part, so that there may be more codes. */
export const openSystems = (
  held: Held,
  valueSet: ValueSet,
  seen: Set<ValueSet> = new Set(),
): readonly System[] =>
  composeOf(valueSet).include.flatMap(({ system: url, version, concept, valueSet: sets = [] }) => {
    const system = url === undefined || concept ? undefined : held.system(url, version)
    if (url !== undefined) return system && !system.complete ? [system] : []
    return sets.map(held.valueSet).flatMap((set) => {
      if (!set || seen.has(set)) return []
      seen.add(set)
      return openSystems(held, set, seen)
    })
  })

type Expand = (valueSet: ValueSet) => readonly Code[]

const keyOf = ({ system, code }: Code): string => `${system}|${code}`

const codesOfSet = (held: Held, valueSet: ValueSet, expand: Expand): readonly Code[] => {
  if (isPartial(valueSet)) throw notHeld([`the definition of \`${valueSet.url ?? valueSet.id ?? 'it'}\``])
  const { include, exclude = [], inactive } = composeOf(valueSet)
  const barred = exclude.map((part) => certain(held, partJudgeOf(held, part)))
  const found = new Map<string, Code>()
  for (const part of include)
    for (const code of codesOfPart(held, part, expand)) {
      if (found.has(keyOf(code)) || barred.some((judge) => judge(code))) continue
      if (inactive === false && code.node && isInactive(code.node)) continue
      found.set(keyOf(code), code)
      if (found.size > mostCodes) throw tooMany()
    }
  return [...found.values()]
}

/** A part by itself is a value set of its own. */
const partJudgeOf = (held: Held, part: Part): Judge =>
  judgeOf(held, { resourceType: 'ValueSet', compose: { include: [part] } })

/** Makes of a judge one that fails where it cannot tell. */
const certain =
  (held: Held, judge: Judge) =>
  ({ system, code }: Code): boolean => {
    const { answer } = judge({ system, code })
    if (answer === 'unknown') throw notHeld(held.missing)
    return answer === 'yes'
  }

const codesOfPart = (held: Held, part: Part, expand: Expand): readonly Code[] => {
  const { system, valueSet = [] } = part
  const [first, ...others] = system === undefined ? valueSet : [undefined, ...valueSet]
  const codes =
    system === undefined ? codesOfHeld(held, first ?? '', expand) : codesOfSystem(held, part, system)
  const within = others
    .filter((canonical) => canonical !== undefined)
    .map((canonical) => certain(held, partJudgeOf(held, { valueSet: [canonical] })))
  return within.length === 0 ? codes : codes.filter((code) => within.every((judge) => judge(code)))
}

const codesOfHeld = (held: Held, canonical: string, expand: Expand): readonly Code[] => {
  const valueSet = held.valueSet(canonical)
  if (!valueSet) throw notHeld([`the value set \`${canonical}\``])
  return expand(valueSet)
}

const codesOfSystem = (held: Held, part: Part, url: string): readonly Code[] => {
  const system = held.system(url, part.version)
  const version = system?.version ?? part.version
  const from = { system: url, ...(version !== undefined && { version }) }
  if (part.concept) return part.concept.map((listed) => ({ ...from, ...listedCode(listed, system) }))
  if (!system) throw notHeld([`the code system \`${part.version ? `${url}|${part.version}` : url}\``])
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

const listedCode = (listed: Concept, system: System | undefined) => {
  const node = system && nodeOf(system, listed.code)
  const display = listed.display ?? node?.display
  return { code: listed.code, listed, ...(node && { node }), ...(display !== undefined && { display }) }
}

const notHeld = (missing: readonly string[]): Failure =>
  failure(
    'not-found',
    `The value set cannot be expanded: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not held. Load it as a resource first.`,
  )

const tooMany = (): Failure =>
  failure('too-costly', `The value set has more than ${mostCodes} codes. Narrow it with a filter.`)
