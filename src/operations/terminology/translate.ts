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
import type { Input } from '../support/input.ts'
import { askedIn, named, parameters, type Run, running, type Work } from './work.ts'

const run: Run = async (work) => {
  const { input, context, terminology } = work
  const asked = sourcesIn(input)
  const backwards = input.flag('reverse') ?? false
  const wish = await wishIn(work, backwards)
  const turn = (map: ConceptMap): ConceptMap => (backwards ? reversed(map) : map)
  const maps = (await mapsFor(work, asked, wish, backwards)).map(turn)
  const conceptMap = async (canonical: string) => {
    const found = await heldMap(work, canonical)
    return found && turn(found)
  }
  const knowledge = { terminology, validate: codeValidator(context.store), conceptMap }
  const found = await Promise.all(asked.map((each) => translateByMaps(maps, each, wish, knowledge)))
  return parameters(translationParameters(asked, maps, found, context.base))
}

/** Returns `ConceptMap/$translate`. */
export const translateCode = running(run)

/** A code of a CodeableConcept without its system says nothing that could be translated. */
const sourcesIn = (input: Input): readonly SourceCoding[] => {
  const asked = askedIn(input, input.text('system'), input.text('version'))
  const sources = asked.filter((each): each is SourceCoding => each.system !== undefined)
  if (sources.length > 0) return sources
  throw failure('required', 'A code is translated from a code system: give `system`.', 'system')
}

const wishIn = async ({ input, context }: Work, backwards: boolean): Promise<TranslationOptions> => {
  const names = async (name: 'source' | 'target') => {
    const text = input.text(name)
    return text === undefined ? {} : { [name]: await setNames(text, context) }
  }
  const targetSystem = input.text('targetsystem')
  const dependencies = input.objects<Partial<Dependency>>('dependency')
  if (backwards && dependencies.length > 0)
    throw failure(
      'invalid',
      'What a mapping depends on is asked on its way from source to target: leave out `dependency` or `reverse`.',
      'dependency',
    )
  return {
    ...(await names('source')),
    ...(await names('target')),
    ...(targetSystem !== undefined && { targetSystem }),
    dependencies: dependencies.map(whole),
  }
}

const whole = ({ element, concept }: Partial<Dependency>): Dependency => {
  if (element !== undefined && concept !== undefined) return { element, concept }
  throw failure('required', 'A `dependency` has both parts, `element` and `concept`.', 'dependency')
}

const heldMap = async ({ context }: Work, canonical: string): Promise<ConceptMap | undefined> =>
  (await heldByUrl(context.store, 'ConceptMap', canonical)) as ConceptMap | undefined

/** Without one that is named, all that are of the code's system or of the value set that it was chosen from. */
const mapsFor = async (
  work: Work,
  asked: readonly SourceCoding[],
  { source = [] }: TranslationOptions,
  backwards: boolean,
): Promise<readonly ConceptMap[]> => {
  const find = (canonical: string) => heldMap(work, canonical)
  const own = await named<ConceptMap>(work, { what: 'concept map', member: 'conceptMap', find })
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
  const parts = new Map(all.map((match) => partOf(match, base)).map((part) => [JSON.stringify(part), part]))
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
    return `No concept map is held that could translate ${codes}. Load one, or send it as \`conceptMap\`.`
  if (all.length === 0) return `${codes} is not translated as asked by the concept maps that are held for it.`
  const said = new Set(all.map(({ equivalence }) => `\`${equivalence}\``))
  return `There is no translation of ${codes}: what is told of it is ${[...said].join(' and ')}.`
}

const partOf = ({ equivalence, concept, product, map }: Match, base: string): LookupPart => {
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
