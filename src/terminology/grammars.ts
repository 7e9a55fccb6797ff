/** Code systems that no list holds, because a grammar or the platform says what belongs to them. */

import { unitOf } from '../fhir/units.ts'
import type { Answer } from './judge.ts'
import type { Property } from './resources.ts'
import type { Node, System } from './system.ts'

/** What is known of a code by the way it is spelled; with a node where filters can be held against it. */
export interface Spelling {
  answer: Answer
  node?: Node
}

/** https://www.rfc-editor.org/rfc/rfc6838#section-4.2 */
const mediaType =
  /^(application|audio|font|haptics|image|message|model|multipart|text|video)\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}( *; *[^;=\s]+=[^;]+)*$/

/** https://hl7.org/fhir/R4/capabilitystatement-example.json — FHIR's own CapabilityStatements name its formats so. */
const formatName = /^(json|xml|ttl)$/

/** Language, script and region; of longer tags nothing is claimed. https://www.rfc-editor.org/rfc/rfc5646 */
const languageTag = /^([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|\d{3}))?$/

const isNamed = (type: 'language' | 'script' | 'region', code: string | undefined): boolean =>
  code === undefined || new Intl.DisplayNames('en', { type, fallback: 'none' }).of(code) !== undefined

const language = (code: string): Spelling => {
  const [tag, own, script, region] = languageTag.exec(code) ?? []
  if (!tag || !isNamed('language', own) || !isNamed('script', script) || !isNamed('region', region))
    return { answer: 'unknown' }
  const parts = Object.entries({ language: own, script, region })
  const properties = parts.flatMap(([name, value]): Property[] =>
    value === undefined ? [] : [{ code: name, valueString: value }],
  )
  const node = { code, designations: [], properties, parents: new Set<string>(), children: new Set<string>() }
  return { answer: 'yes', node }
}

const whether = (is: boolean): Spelling => ({ answer: is ? 'yes' : 'no' })

/** The platform knows the languages and the currencies in use; what it does not know may still be one. */
const grammars: Readonly<Record<string, (code: string) => Spelling>> = {
  'urn:ietf:bcp:13': (code) => whether(mediaType.test(code) || formatName.test(code)),
  'http://unitsofmeasure.org': (code) => whether(unitOf(code) !== undefined),
  'urn:ietf:bcp:47': language,
  'urn:iso:std:iso:4217': (code) => ({
    answer: Intl.supportedValuesOf('currency').includes(code) ? 'yes' : 'unknown',
  }),
}

/** Returns what is known of a code by its spelling; undefined where the code system has to be held. */
export const spellingOf = (system: string, code: string): Spelling | undefined =>
  Object.hasOwn(grammars, system) ? grammars[system]?.(code) : undefined

/** Returns a code system that holds one code alone, as far as it is known by its spelling. */
export const aloneIn = (url: string, node: Node): System => ({
  url,
  name: url,
  complete: false,
  caseSensitive: true,
  isA: true,
  nodes: new Map([[node.code, node]]),
})

/** Returns the code system in which a code is known by its spelling to stand, or not to. */
export const spelledIn = (url: string, code: string, { answer, node }: Spelling): System => {
  const bare = {
    code,
    designations: [],
    properties: [],
    parents: new Set<string>(),
    children: new Set<string>(),
  }
  const system = aloneIn(url, { ...(node ?? bare), display: node?.display ?? code })
  return answer === 'yes' ? system : { ...system, complete: true, nodes: new Map() }
}
