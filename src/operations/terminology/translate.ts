/** https://hl7.org/fhir/R4/conceptmap-operation-translate.html */

import { parseCanonical } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import { type ConceptMap, type MappedElement, reversed } from '../../terminology/concept-maps/concept-map.ts'
import { mapsBy, setNames } from '../../terminology/concept-maps/find-maps.ts'
import {
  type Dependency,
  isTranslation,
  type Match,
  type SourceCoding,
  type Translation,
  type TranslationOptions,
  translateByMaps,
} from '../../terminology/concept-maps/translate.ts'
import { heldByUrl } from '../../terminology/find.ts'
import type { LookupPart } from '../../terminology/systems/lookup.ts'
import { codeValidator } from '../../terminology/value-sets/validate-code.ts'
import type { OperationInput } from '../support/input.ts'
import {
  askedCodings,
  namedDefinition,
  parametersResource,
  type TerminologyCall,
  type TerminologyRun,
  withInput,
} from './work.ts'

const runTranslate: TerminologyRun = async (work) => {
  const { input, context, terminology } = work
  const asked = sourcesIn(input)
  const backwards = input.flag('reverse') ?? false
  const options = await translationOptionsIn(work, backwards)
  const turn = (map: ConceptMap): ConceptMap => (backwards ? reversed(map) : map)
  const maps = (await mapsFor(work, asked, options, backwards)).map(turn)
  const conceptMap = async (canonical: string) => {
    const found = await loadedConceptMap(work, canonical)
    return found && turn(found)
  }
  const knowledge = { terminology, validate: codeValidator(context.reader), conceptMap }
  const found = await Promise.all(asked.map((each) => translateByMaps(maps, each, options, knowledge)))
  return parametersResource(translationParameters(asked, maps, found, context.base))
}

/** Returns `ConceptMap/$translate`. */
export const translateCode = withInput(runTranslate)

/**
 * Returns the codes to translate. Codes of a CodeableConcept without a system are left out; fails with `required` if no
 * code has a system.
 */
const sourcesIn = (input: OperationInput): readonly SourceCoding[] => {
  const asked = askedCodings(input, input.text('system'), input.text('version'))
  const sources = asked.filter((each): each is SourceCoding => each.system !== undefined)
  if (sources.length > 0) return sources
  throw failure('required', 'A code is translated from a code system: give `system`.', 'system')
}

const translationOptionsIn = async (
  { input, context }: TerminologyCall,
  backwards: boolean,
): Promise<TranslationOptions> => {
  const names = async (name: 'source' | 'target') => {
    const text = input.text(name)
    return text === undefined ? {} : { [name]: await setNames(text, context) }
  }
  const targetSystem = input.text('targetsystem')
  const dependencies = input.objects<Partial<Dependency>>('dependency')
  if (backwards && dependencies.length > 0)
    throw failure(
      'invalid',
      '`dependency` applies only from source to target: leave out `dependency` or `reverse`.',
      'dependency',
    )
  return {
    ...(await names('source')),
    ...(await names('target')),
    ...(targetSystem !== undefined && { targetSystem }),
    dependencies: dependencies.map(completeDependency),
  }
}

const completeDependency = ({ element, concept }: Partial<Dependency>): Dependency => {
  if (element !== undefined && concept !== undefined) return { element, concept }
  throw failure('required', 'A `dependency` has both parts, `element` and `concept`.', 'dependency')
}

const loadedConceptMap = async (
  { context }: TerminologyCall,
  canonical: string,
): Promise<ConceptMap | undefined> =>
  (await heldByUrl(context.reader, 'ConceptMap', canonical)) as ConceptMap | undefined

/**
 * Returns the concept map of the call; for a call without a map, all maps of the code's system or of the source value
 * set.
 */
const mapsFor = async (
  work: TerminologyCall,
  asked: readonly SourceCoding[],
  { source = [] }: TranslationOptions,
  backwards: boolean,
): Promise<readonly ConceptMap[]> => {
  const find = (canonical: string) => loadedConceptMap(work, canonical)
  const own = await namedDefinition<ConceptMap>(work, { what: 'concept map', member: 'conceptMap', find })
  if (own) return [own]
  const side = backwards ? 'target' : 'source'
  const sets = source.map((name) => parseCanonical(name).url)
  const criteria = [
    ...asked.map(({ system }) => [`${side}-system`, system] as const),
    ...[side, `${side}-uri`].flatMap((name) => sets.map((url) => [name, url] as const)),
  ]
  return mapsBy(criteria, work.context)
}

const translationParameters = (
  asked: readonly SourceCoding[],
  maps: readonly ConceptMap[],
  found: readonly Translation[],
  base: string,
): readonly LookupPart[] => {
  const all = found.flatMap(({ matches }) => matches)
  const parts = new Map(
    all.map((match) => matchPart(match, base)).map((part) => [JSON.stringify(part), part]),
  )
  const result = all.some(isTranslation)
  const notes = new Set(found.flatMap((each) => each.notes))
  const message = [...(result ? [] : [whyNot(asked, maps, all)]), ...notes].join(' ')
  return [
    { name: 'result', valueBoolean: result },
    ...(message === '' ? [] : [{ name: 'message', valueString: message }]),
    ...parts.values(),
  ]
}

const whyNot = (
  asked: readonly SourceCoding[],
  maps: readonly ConceptMap[],
  all: readonly Match[],
): string => {
  const codes = asked.map(({ system, code }) => `\`${system}|${code}\``).join(', ')
  if (maps.length === 0)
    return `No loaded concept map translates ${codes}. Load one, or send it as \`conceptMap\`.`
  if (all.length === 0) return `${codes} has no mapping of the requested kind in the loaded concept maps.`
  const said = new Set(all.map(({ equivalence }) => `\`${equivalence}\``))
  return `There is no translation of ${codes}: the loaded concept maps have only ${[...said].join(' and ')}.`
}

const matchPart = ({ equivalence, concept, product, map }: Match, base: string): LookupPart => {
  const source = map.url ?? (map.id === undefined ? undefined : `${base}/ConceptMap/${map.id}`)
  return {
    name: 'match',
    part: [
      { name: 'equivalence', valueCode: equivalence },
      ...(concept ? [{ name: 'concept', valueCoding: concept }] : []),
      ...product.map(productPart),
      ...(source === undefined ? [] : [{ name: 'source', valueUri: source }]),
    ],
  }
}

const productPart = ({ property, system, value, display }: MappedElement): LookupPart => {
  const of = system === undefined ? undefined : parseCanonical(system)
  const coding = { system: of?.url, version: of?.version, code: value, display }
  return {
    name: 'product',
    part: [
      { name: 'element', valueUri: property },
      { name: 'concept', valueCoding: coding },
    ],
  }
}
