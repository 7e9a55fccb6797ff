/** Search parameters that a tenant has defined at run time, https://hl7.org/fhir/R4/searchparameter.html */

import type { SearchParameter } from '../fhir/definitions.ts'
import type { OwnDefinition } from '../fhir/path/custom-values.ts'
import { Failure, type Issue } from '../outcome/failure.ts'
import type { Definitions } from '../store/definitions.ts'
import type { Reader } from '../store/reader.ts'
import { type ParsedQuery, type ParseOptions, parseQuery } from './parse/parse.ts'
import type { OwnParameters, Pair } from './query.ts'

/** `indexing`: written for new versions, not yet for all; `ready`: can be searched by; `retiring`: on its way out. */
export type OwnState = 'indexing' | 'ready' | 'retiring'

/** A tenant's own search parameter, as the store keeps it. */
export interface Definition extends OwnDefinition {
  /** The id of the SearchParameter that defines it. */
  id: string
  types: readonly string[]
  state: OwnState
  /** When the last write that did not know this state must have ended, in milliseconds since 1970. */
  from: number
}

/** A tenant's own parameters, ready to be used. */
export interface CustomParameters {
  version: number
  /** Those by which a resource of the type is indexed. */
  indexed(type: string): readonly SearchParameter[]
  /** Those by which a resource of the type may have been indexed. */
  all(type: string): readonly SearchParameter[]
  searched: OwnParameters
}

const read = new WeakMap<Definitions, readonly Definition[]>()

/** Returns the definitions that a text of the store holds. */
export const definitionsIn = (definitions: Definitions): readonly Definition[] => {
  const known = read.get(definitions) ?? (JSON.parse(definitions.text) as Definition[])
  read.set(definitions, known)
  return known
}

const progress: Readonly<Record<OwnState, string>> = {
  ready: '',
  indexing: 'is being indexed: search by it when `GET $reindex` says that it is ready',
  retiring: 'has been retired',
}

type Compile = (definition: OwnDefinition) => SearchParameter

const pendingIn =
  (definitions: readonly Definition[]): OwnParameters['pending'] =>
  (type, code) => {
    const named = definitions.filter((each) => each.code === code && each.types.includes(type))
    const found = named.find(({ state }) => state !== 'retiring') ?? named[0]
    return found && `\`${code}\` of ${type} ${progress[found.state]}.`
  }

const ownOf = (version: number, definitions: readonly Definition[], compile: Compile): CustomParameters => {
  const compiled = definitions.map((definition) => ({ definition, parameter: compile(definition) }))
  const having =
    (...states: OwnState[]) =>
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

const nothing: Compile = () => {
  throw new Error('There is no definition to compile.')
}

const made = new WeakMap<Definitions, Promise<CustomParameters>>()

const make = async (definitions: Definitions): Promise<CustomParameters> => {
  const all = definitionsIn(definitions)
  if (all.length === 0) return ownOf(definitions.version, all, nothing)
  const { ownParameter } = await import('../fhir/path/custom-values.ts')
  return ownOf(definitions.version, all, ownParameter)
}

/** Returns a tenant's own parameters; FHIRPath is loaded only where there are any. */
export const ownIn = (definitions: Definitions): Promise<CustomParameters> => {
  const known = made.get(definitions) ?? make(definitions)
  made.set(definitions, known)
  return known
}

const none = (version: number): CustomParameters => ownOf(version, [], nothing)

/** Returns a tenant's own parameters as far as they are about these types: where none is, FHIRPath need not be loaded. */
export const ownFor = (
  definitions: Definitions,
  types: ReadonlySet<string>,
): Promise<CustomParameters> | CustomParameters =>
  definitionsIn(definitions).some((each) => each.types.some((type) => types.has(type)))
    ? ownIn(definitions)
    : none(definitions.version)

const isUnknown = ({ kind }: Issue): boolean => kind === 'unknown-parameter'

const everyLink = /^(\*|[A-Za-z]+:\*)/

const wantsAllLinks = ([name, value]: Pair): boolean =>
  /^_(rev)?include\b/.test(name) && everyLink.test(value)

type Query = readonly [type: string, pairs: readonly Pair[], options: ParseOptions]

/** Reads a query by R4's parameters alone; undefined where it names others, or may mean them. */
const readPlainly = ([type, pairs, options]: Query): ParsedQuery | { failed: unknown } | undefined => {
  if (pairs.some(wantsAllLinks)) return undefined
  try {
    const parsed = parseQuery(type, pairs, options)
    return parsed.issues.some(isUnknown) ? undefined : parsed
  } catch (thrown) {
    return thrown instanceof Failure && thrown.issues.some(isUnknown) ? undefined : { failed: thrown }
  }
}

/** Returns what a query asks for, by R4's search parameters and, where these are not enough, by the tenant's own. */
export const readQuery = async (
  type: string,
  pairs: readonly Pair[],
  options: ParseOptions,
  store: Pick<Reader, 'definitions'>,
): Promise<ParsedQuery> => {
  const plain = readPlainly([type, pairs, options])
  if (plain && 'query' in plain) return plain
  if (plain) throw plain.failed
  const { searched } = await ownIn(await store.definitions())
  return parseQuery(type, pairs, { ...options, own: searched })
}
