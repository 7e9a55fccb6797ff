/** Code systems defined by a grammar or by the platform instead of a list. */

import { ucumUnitOf } from '../../fhir/values/units.ts'
import type { Membership } from '../membership.ts'
import type { Property } from '../resources.ts'
import type { CodeNode, CodeSystemGraph } from './graph.ts'

/** The answer of a grammar about a code; with a node where filters can be applied. */
export interface Spelling {
  answer: Membership
  node?: CodeNode
}

/** https://www.rfc-editor.org/rfc/rfc6838#section-4.2 */
const mediaTypePattern =
  /^(application|audio|font|haptics|image|message|model|multipart|text|video)\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}( *; *[^;=\s]+=[^;]+)*$/

/** https://hl7.org/fhir/R4/capabilitystatement-example.json — FHIR's own CapabilityStatements name its formats so. */
const formatName = /^(json|xml|ttl)$/

/** Language, script and region; of longer tags nothing is claimed. https://www.rfc-editor.org/rfc/rfc5646 */
const languageTag = /^([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|\d{3}))?$/

const hasDisplayName = (type: 'language' | 'script' | 'region', code: string | undefined): boolean =>
  code === undefined || new Intl.DisplayNames('en', { type, fallback: 'none' }).of(code) !== undefined

const language = (code: string): Spelling => {
  const [tag, own, script, region] = languageTag.exec(code) ?? []
  if (
    !tag ||
    !hasDisplayName('language', own) ||
    !hasDisplayName('script', script) ||
    !hasDisplayName('region', region)
  )
    return { answer: 'unknown' }
  const parts = Object.entries({ language: own, script, region })
  const properties = parts.flatMap(([name, value]): Property[] =>
    value === undefined ? [] : [{ code: name, valueString: value }],
  )
  const node = { code, designations: [], properties, parents: new Set<string>(), children: new Set<string>() }
  return { answer: 'yes', node }
}

const whether = (is: boolean): Spelling => ({ answer: is ? 'yes' : 'no' })

/** The platform lists the languages and currencies in use; a code outside of its list may still be valid. */
const grammars: Readonly<Record<string, (code: string) => Spelling>> = {
  'urn:ietf:bcp:13': (code) => whether(mediaTypePattern.test(code) || formatName.test(code)),
  'http://unitsofmeasure.org': (code) => whether(ucumUnitOf(code) !== undefined),
  'urn:ietf:bcp:47': language,
  'urn:iso:std:iso:4217': (code) => ({
    answer: Intl.supportedValuesOf('currency').includes(code) ? 'yes' : 'unknown',
  }),
}

/** Returns the answer of a grammar about a code; undefined for code systems without a grammar. */
export const spellingOf = (system: string, code: string): Spelling | undefined =>
  Object.hasOwn(grammars, system) ? grammars[system]?.(code) : undefined

/** Returns an incomplete code system with a single node. */
export const aloneIn = (url: string, node: CodeNode): CodeSystemGraph => ({
  url,
  name: url,
  complete: false,
  caseSensitive: true,
  isA: true,
  nodes: new Map([[node.code, node]]),
})

/** Returns the code system with the code, or complete and empty where the grammar refuses the code. */
export const systemBySpelling = (url: string, code: string, { answer, node }: Spelling): CodeSystemGraph => {
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
