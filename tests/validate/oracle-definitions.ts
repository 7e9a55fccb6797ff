/** R4's definitions as they stand, to be walked by path. */
import { type Concept, readDefinitions, type SourceElement } from '../../src/fhir/generate/source.ts'

/** A parsed JSON object. */
export type Json = Record<string, unknown>

const definitions = readDefinitions()
/** How the addresses of R4's types begin. */
export const typeUrl = 'http://hl7.org/fhir/StructureDefinition/'

/** Every element by the path of what it stands in. */
export const children = new Map<string, SourceElement[]>()

/** What is said of a type itself. */
export const roots = new Map<string, SourceElement>()

/** Every element by its own path. */
export const elements = new Map<string, SourceElement>()

/** The names of the resource types. */
export const resources = new Set<string>()

for (const { name, kind, derivation, abstract, snapshot } of definitions.structures) {
  if (derivation === 'constraint' || kind === 'logical') continue
  if (kind === 'resource' && !abstract) resources.add(name)
  for (const element of snapshot.element) {
    elements.set(element.path, element)
    const cut = element.path.lastIndexOf('.')
    if (cut < 0) roots.set(name, element)
    else
      children.set(element.path.slice(0, cut), [...(children.get(element.path.slice(0, cut)) ?? []), element])
  }
}

/** Returns whether the value is a JSON object. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One type that an element may have. */
export type TypeUse = NonNullable<SourceElement['type']>[number]

const extensionOf = (type: TypeUse | undefined, name: string): string | undefined => {
  const found = type?.extension?.find(({ url }) => url === typeUrl + name) as
    | { valueUrl?: string; valueString?: string }
    | undefined
  return found?.valueUrl ?? found?.valueString
}

/** Returns a type's name. R4 calls a resource's id a string in its definition, and an id in its text. */
export const codeOf = (type: TypeUse, path: string): string =>
  resources.has(path.slice(0, -'.id'.length)) && path.endsWith('.id')
    ? 'id'
    : type.code.startsWith('http')
      ? (extensionOf(type, 'structuredefinition-fhir-type') ?? '')
      : type.code

/** Returns whether a type has a value and no members. */
export const isPrimitive = (type: string): boolean => /^[a-z]/.test(type)

/** R4's expressions are XML Schema's, whose white space is these four characters, and not a no-break space. */
const inJavaScript = (regex: string): string =>
  regex
    .replaceAll('[ \\r\\n\\t\\S]', '[^]')
    .replaceAll('[^\\s]', '[^ \\t\\r\\n]')
    .replaceAll('\\S', '[^ \\t\\r\\n]')
    .replaceAll('\\s', '[ \\t\\r\\n]')

/** The regular expression that R4 gives for a primitive's text. */
const patternOf = (type: string): RegExp | undefined => {
  const value = children.get(type)?.find(({ path }) => path === `${type}.value`)
  const regex = extensionOf(value?.type?.[0], 'regex')
  return regex === undefined ? undefined : new RegExp(`^(?:${inJavaScript(regex)})$`)
}

/** The expressions that the texts of primitives must match as a whole. */
export const patterns = new Map([...roots.keys()].filter(isPrimitive).map((type) => [type, patternOf(type)]))

/** What primitives are in JSON, where that is no string. */
export const jsonTypes: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  integer: 'number',
  unsignedInt: 'number',
  positiveInt: 'number',
  decimal: 'number',
}

const flat = (concepts: readonly Concept[] = []): string[] =>
  concepts.flatMap(({ code, concept }) => [code, ...flat(concept)])

/** Returns the codes of a value set, each with its system; undefined where R4 does not list them. */
const codesOf = (canonical: string): Set<string> | undefined => {
  const { include, exclude } = definitions.valueSets.get(canonical.split('|')[0] ?? '')?.compose ?? {}
  if (!include || exclude) return undefined
  const all = new Set<string>()
  for (const { system = '', concept, filter, valueSet } of include) {
    const codes = valueSet?.length === 1 ? codesOf(valueSet[0] ?? '') : undefined
    for (const code of codes ?? []) all.add(code)
    if (codes) continue
    const listed = concept ?? definitions.codeSystems.get(system)?.concept
    if (filter || valueSet || !listed) return undefined
    for (const code of flat(listed)) all.add(`${system}|${code}`)
  }
  return all
}

const valueSets = new Map<string, Set<string> | undefined>()

/** Returns the codes that a required binding allows; undefined where there is none, or R4 does not list them. */
export const boundTo = ({ binding }: SourceElement): Set<string> | undefined => {
  if (binding?.strength !== 'required') return undefined
  if (!valueSets.has(binding.valueSet)) valueSets.set(binding.valueSet, codesOf(binding.valueSet))
  return valueSets.get(binding.valueSet)
}
