/** Judges resources straight by R4's definitions, as slow as that is: no table, no compiled rule of the server is used. */
import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { type Concept, type ElementDefinition, readDefinitions } from '../../src/fhir/generate/source.ts'

import { otherwise } from './otherwise.ts'

type Json = Record<string, unknown>

/** A fault: what kind of rule is broken, or which invariant, and where. */
export interface Fault {
  rule: string
  at: string
}

const definitions = readDefinitions()
const typeUrl = 'http://hl7.org/fhir/StructureDefinition/'

/** Every element by the path of what it stands in. */
const children = new Map<string, ElementDefinition[]>()
const roots = new Map<string, ElementDefinition>()
const elements = new Map<string, ElementDefinition>()
const resources = new Set<string>()
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

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type TypeUse = NonNullable<ElementDefinition['type']>[number]

const extensionOf = (type: TypeUse | undefined, name: string): string | undefined => {
  const found = type?.extension?.find(({ url }) => url === typeUrl + name) as
    | { valueUrl?: string; valueString?: string }
    | undefined
  return found?.valueUrl ?? found?.valueString
}

/** R4 calls a resource's id a string in its definition, and an id in its text. */
const codeOf = (type: TypeUse, path: string): string =>
  resources.has(path.slice(0, -'.id'.length)) && path.endsWith('.id')
    ? 'id'
    : type.code.startsWith('http')
      ? (extensionOf(type, 'structuredefinition-fhir-type') ?? '')
      : type.code

const isPrimitive = (type: string): boolean => /^[a-z]/.test(type)

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

const patterns = new Map([...roots.keys()].filter(isPrimitive).map((type) => [type, patternOf(type)]))

const jsonTypes: Readonly<Record<string, string>> = {
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
const boundTo = ({ binding }: ElementDefinition): Set<string> | undefined => {
  if (binding?.strength !== 'required') return undefined
  if (!valueSets.has(binding.valueSet)) valueSets.set(binding.valueSet, codesOf(binding.valueSet))
  return valueSets.get(binding.valueSet)
}

const compiled = new Map<string, ReturnType<typeof fhirpath.compile>>()

/** R4 takes `as` for a filter of lists, the engine for a cast of one thing. */
const readable = (expression: string): string => expression.replaceAll('.as(', '.ofType(')

const compile = (base: string, expression: string) =>
  fhirpath.compile({ base, expression: readable(expression) }, r4, {
    async: false,
    traceFn: () => undefined,
  } as object)

/** A rule that cannot be judged, because what it is about is malformed, counts as kept: that is told as such. */
const holds = (value: unknown, base: string, expression: string, around: Around): boolean => {
  const key = `${base} ${expression}`
  const run = compiled.get(key) ?? compile(base, expression)
  compiled.set(key, run)
  try {
    return (run(value as object, around) as unknown[])[0] === true
  } catch {
    return true
  }
}

interface Around {
  resource: Json
  rootResource: Json
}

/** Rules that are judged as structure, or that the engine cannot judge: `htmlChecks`, and following references. */
const unjudged = new Set(['ele-1', 'ref-1', 'txt-1', 'txt-2', 'ctm-1'])

/** Returns what R4's definitions find wrong with a resource. */
export const faultsOf = (resource: Json): Fault[] => {
  const faults: Fault[] = []
  const fault = (rule: string, at: string): void => {
    faults.push({ rule, at })
  }

  const judgePrimitive = (value: unknown, type: string, element: ElementDefinition, at: string): void => {
    if (typeof value !== (jsonTypes[type] ?? 'string')) {
      fault('type', at)
      return
    }
    const pattern = type === 'xhtml' ? undefined : patterns.get(type)
    if (value === '' || (pattern && !pattern.test(String(value)))) {
      fault('format', at)
      return
    }
    const codes = type === 'code' ? boundTo(element) : undefined
    if (codes && ![...codes].some((code) => code.split('|')[1] === value)) fault('code', at)
  }

  const judgeCoded = (value: Json, type: string, element: ElementDefinition, at: string): void => {
    const codes = boundTo(element)
    if (!codes || (type !== 'Coding' && type !== 'CodeableConcept')) return
    const codings = type === 'Coding' ? [value] : [value.coding].flat().filter(isObject)
    if (!codings.some(({ system, code }) => codes.has(`${system}|${code}`))) fault('code', at)
  }

  const judgeLocal = (id: string, { contained }: Json, at: string): void => {
    const ids = [contained].flat().map((each) => (isObject(each) ? each.id : undefined))
    if (id !== '' && !ids.includes(id)) fault('ref-1', at)
  }

  const judgeReference = (
    { reference }: Json,
    use: TypeUse | undefined,
    at: string,
    around: Around,
  ): void => {
    if (typeof reference === 'string' && reference.startsWith('#'))
      judgeLocal(reference.slice(1), around.rootResource, at)
    const target =
      typeof reference === 'string' && /^([A-Z]\w+)\/[\w.-]+(\/_history\/[\w.-]+)?$/.exec(reference)?.[1]
    const allowed = use?.targetProfile?.map((profile) => profile.slice(typeUrl.length)) ?? ['Resource']
    if (target && !resources.has(target)) fault('target', at)
    else if (target && !allowed.includes('Resource') && !allowed.includes(target)) fault('target', at)
  }

  const judgeRules = (
    value: unknown,
    element: ElementDefinition,
    base: string,
    at: string,
    around: Around,
  ) => {
    for (const { key, severity, expression } of element.constraint ?? []) {
      const isJudged = severity === 'error' && !unjudged.has(key) && !otherwise.test(key)
      if (isJudged && !holds(value, base, expression, around)) fault(key, at)
    }
  }

  const judgeValue = (
    value: unknown,
    type: string,
    element: ElementDefinition,
    at: string,
    around: Around,
  ): void => {
    if (isPrimitive(type)) {
      judgePrimitive(value, type, element, at)
      return
    }
    if (!isObject(value)) {
      fault('type', at)
      return
    }
    if (resources.has(type) || type === 'Resource') {
      judgeResource(value, at, around)
      return
    }
    judgeCoded(value, type, element, at)
    if (type === 'Reference')
      judgeReference(
        value,
        element.type?.find(({ code }) => code === 'Reference'),
        at,
        around,
      )
    const place = element.contentReference?.slice(1) ?? (children.has(element.path) ? element.path : type)
    judgeMembers(value, place, at, around)
    judgeRules(value, roots.get(place) ?? elements.get(place) ?? element, place, at, around)
  }

  const judgeResource = (value: Json, at: string, around: Around): void => {
    const type = String(value.resourceType)
    const root = roots.get(type)
    if (!resources.has(type) || !root) {
      fault('type', at)
      return
    }
    const contained = /\.contained(\[\d+\])?$/.test(at)
    const inside: Around = { resource: value, rootResource: contained ? around.rootResource : value }
    judgeMembers(value, type, at, inside)
    judgeRules(value, root, type, at, inside)
  }

  const judgeMembers = (value: Json, place: string, at: string, around: Around): void => {
    const known = new Set(resources.has(place) ? ['resourceType'] : [])
    if (Object.keys(value).length === 0) fault('empty', at)
    for (const element of children.get(place) ?? []) {
      const name = element.path.slice(element.path.lastIndexOf('.') + 1)
      const uses = element.contentReference ? [{ code: '' }] : (element.type ?? [])
      const options = uses.map((use) => {
        const type = codeOf(use, element.path)
        return {
          type,
          name:
            name.replace('[x]', '') + (name.endsWith('[x]') ? type[0]?.toUpperCase() + type.slice(1) : ''),
        }
      })
      const given = options.filter((option) => option.name in value || `_${option.name}` in value)
      for (const option of options)
        known.add(option.name).add(isPrimitive(option.type) ? `_${option.name}` : '')
      if (given.length > 1) fault('choice', at)
      if (given.length < element.min) fault('min', `${at}.${name}`)
      for (const option of given) judgeMember(value, option, element, `${at}.${option.name}`, around)
    }
    for (const name of Object.keys(value)) if (!known.has(name)) fault('unknown', `${at}.${name}`)
  }

  const judgeMember = (
    value: Json,
    { name, type }: { name: string; type: string },
    element: ElementDefinition,
    at: string,
    around: Around,
  ): void => {
    const [given, beside] = [value[name], value[`_${name}`]]
    const repeats = element.max !== '1'
    for (const each of [given, beside]) {
      if (each === undefined) continue
      if (Array.isArray(each) !== repeats) {
        fault('list', at)
        return
      }
      if (Array.isArray(each) && each.length === 0) {
        fault('empty', at)
        return
      }
    }
    const values = repeats ? ((given ?? []) as unknown[]) : [given]
    const companions = repeats ? ((beside ?? []) as unknown[]) : [beside]
    if (values.length > Number(element.max.replace('*', 'Infinity'))) fault('max', at)
    for (let i = 0; i < Math.max(values.length, companions.length); i++) {
      const place = repeats ? `${at}[${i}]` : at
      const companion = companions[i] ?? undefined
      const hasValue = values[i] !== undefined && (values[i] !== null || companion === undefined)
      if (hasValue) judgeValue(values[i], type, element, place, around)
      if (companion !== undefined && !isObject(companion)) fault('type', place)
      else if (companion !== undefined) judgeMembers(companion as Json, 'Element', place, around)
      else if (!hasValue) fault('empty', place)
    }
  }

  judgeResource(resource, String(resource.resourceType), { resource, rootResource: resource })
  return faults
}
