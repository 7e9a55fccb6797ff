/** Search parameters that a tenant has defined at run time, https://hl7.org/fhir/R4/searchparameter.html */

import type { SearchParameter } from '../fhir/definitions.ts'
import type { OwnDefinition } from '../fhir/path/custom-values.ts'
import { Failure, type Issue } from '../outcome/failure.ts'
import type { Definitions } from '../store/definitions.ts'
import type { Reader } from '../store/reader.ts'
import { type ParsedQuery, type ParseOptions, parseQuery } from './parse/parse.ts'
import type { Pair, SearchableParameters } from './query.ts'

/** `indexing`: indexed for new versions, not yet for all; `ready`: can be searched by; `retiring`: being removed. */
export type CustomState = 'indexing' | 'ready' | 'retiring'

/** A tenant's custom search parameter, as stored. */
export interface Definition extends OwnDefinition {
  /** The id of the SearchParameter that defines it. */
  id: string
  types: readonly string[]
  state: CustomState
  /** The instant by which the last write that did not know this state has ended, in milliseconds since 1970. */
  from: number
}

/** A tenant's custom parameters, compiled. */
export interface CustomParameters {
  version: number
  /** Returns the parameters by which resources of the type are indexed. */
  indexed(type: string): readonly SearchParameter[]
  /** Returns the parameters by which resources of the type may have been indexed. */
  all(type: string): readonly SearchParameter[]
  searched: SearchableParameters
}

const parsedDefinitions = new WeakMap<Definitions, readonly Definition[]>()

/** Returns the definitions in their stored text. */
export const definitionsIn = (definitions: Definitions): readonly Definition[] => {
  const known = parsedDefinitions.get(definitions) ?? (JSON.parse(definitions.text) as Definition[])
  parsedDefinitions.set(definitions, known)
  return known
}

const stateTexts: Readonly<Record<CustomState, string>> = {
  ready: '',
  indexing: 'is being indexed: search by it when `GET $reindex` says that it is ready',
  retiring: 'has been retired',
}

type Compile = (definition: OwnDefinition) => SearchParameter

const pendingIn =
  (definitions: readonly Definition[]): SearchableParameters['pending'] =>
  (type, code) => {
    const named = definitions.filter((each) => each.code === code && each.types.includes(type))
    const found = named.find(({ state }) => state !== 'retiring') ?? named[0]
    return found && `\`${code}\` of ${type} ${stateTexts[found.state]}.`
  }

const customParametersOf = (
  version: number,
  definitions: readonly Definition[],
  compile: Compile,
): CustomParameters => {
  const compiled = definitions.map((definition) => ({ definition, parameter: compile(definition) }))
  const having =
    (...states: CustomState[]) =>
    (type: string): SearchParameter[] =>
      compiled
        .filter(({ definition }) => states.includes(definition.state) && definition.types.includes(type))
        .map(({ parameter }) => parameter)
  const ready = having('ready')
  return {
    version,
    indexed: having('indexing', 'ready'),
    all: having('indexing', 'ready', 'retiring'),
    searched: {
      of: (type) => new Map(ready(type).map((parameter) => [parameter.code, parameter])),
      pending: pendingIn(definitions),
    },
  }
}

const nothingToCompile: Compile = () => {
  throw new Error('There is no definition to compile.')
}

const compiledParameters = new WeakMap<Definitions, Promise<CustomParameters>>()

const compileParameters = async (definitions: Definitions): Promise<CustomParameters> => {
  const all = definitionsIn(definitions)
  if (all.length === 0) return customParametersOf(definitions.version, all, nothingToCompile)
  const { ownParameter } = await import('../fhir/path/custom-values.ts')
  return customParametersOf(definitions.version, all, ownParameter)
}

/** Returns a tenant's custom parameters; FHIRPath is loaded only for a tenant with definitions. */
export const customParametersIn = (definitions: Definitions): Promise<CustomParameters> => {
  const known = compiledParameters.get(definitions) ?? compileParameters(definitions)
  compiledParameters.set(definitions, known)
  return known
}

const noCustomParameters = (version: number): CustomParameters =>
  customParametersOf(version, [], nothingToCompile)

/**
 * Returns a tenant's custom parameters if any of them is about these types, and none otherwise, without loading FHIRPath.
 */
export const customParametersFor = (
  definitions: Definitions,
  types: ReadonlySet<string>,
): Promise<CustomParameters> | CustomParameters =>
  definitionsIn(definitions).some((each) => each.types.some((type) => types.has(type)))
    ? customParametersIn(definitions)
    : noCustomParameters(definitions.version)

const isUnknown = ({ kind }: Issue): boolean => kind === 'unknown-parameter'

const everyLink = /^(\*|[A-Za-z]+:\*)/

const wantsAllLinks = ([name, value]: Pair): boolean =>
  /^_(rev)?include\b/.test(name) && everyLink.test(value)

type QueryText = readonly [type: string, pairs: readonly Pair[], options: ParseOptions]

/** Reads a query by R4's parameters alone; undefined if the query names, or may mean, other parameters. */
const readPlainly = ([type, pairs, options]: QueryText): ParsedQuery | { failed: unknown } | undefined => {
  if (pairs.some(wantsAllLinks)) return undefined
  try {
    const parsed = parseQuery(type, pairs, options)
    return parsed.issues.some(isUnknown) ? undefined : parsed
  } catch (thrown) {
    return thrown instanceof Failure && thrown.issues.some(isUnknown) ? undefined : { failed: thrown }
  }
}

/**
 * Returns the parsed query, by R4's search parameters and, if necessary, by the tenant's custom parameters. Fails like
 * `parseQuery`.
 */
export const readQuery = async (
  type: string,
  pairs: readonly Pair[],
  options: ParseOptions,
  store: Pick<Reader, 'definitions'>,
): Promise<ParsedQuery> => {
  const plain = readPlainly([type, pairs, options])
  if (plain && 'query' in plain) return plain
  if (plain) throw plain.failed
  const { searched } = await customParametersIn(await store.definitions())
  return parseQuery(type, pairs, { ...options, own: searched })
}
