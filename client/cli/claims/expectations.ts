// https://hl7.org/fhir/R4/extension-capabilitystatement-expectation.html
import type { CapabilityStatement, CapabilityStatementRest, Extension } from 'fhir/r4.js'

const expectation = 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation'
const combination = 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination'

interface Extended {
  extension?: Extension[] | undefined
}

type Rest = CapabilityStatementRest
type ResourceRest = NonNullable<Rest['resource']>[number]

/** Returns the expectation of an element: SHALL, SHOULD, MAY or SHALL-NOT; undefined for none. */
const expectationOf = (element: Extended | null | undefined): string | undefined =>
  element?.extension?.find(({ url }) => url === expectation)?.valueCode

const statesExpectations = (statement: CapabilityStatement): boolean =>
  JSON.stringify(statement).includes(expectation)

/** Decides which elements of a guide's statement are required. */
interface Reading {
  /** Without any expectation in the statement, all that it lists is required. */
  isRequired(element: Extended | null | undefined): boolean
}

const readingOf = (statement: CapabilityStatement): Reading =>
  statesExpectations(statement)
    ? { isRequired: (element) => expectationOf(element) === 'SHALL' }
    : { isRequired: () => true }

/** Returns the required values of a list of primitives, whose extensions are in the list `_name` beside it. */
const requiredValues = (reading: Reading, owner: object, name: string): string[] => {
  const values = (owner as Record<string, unknown>)[name] as (string | null)[] | undefined
  const extended = (owner as Record<string, unknown>)[`_${name}`] as (Extended | null)[] | undefined
  return (values ?? []).flatMap((value, i) =>
    value !== null && reading.isRequired(extended?.[i]) ? value : [],
  )
}

const withoutVersion = (canonical: string): string => canonical.split('|')[0] ?? ''

const missing = (wanted: readonly string[], present: readonly string[]): string[] =>
  wanted.filter((each) => !present.includes(each))

/** Returns the search parameters of the required combinations, such as `patient` and `category`. */
const combined = (reading: Reading, resource: ResourceRest): string[] =>
  (resource.extension ?? [])
    .filter((each) => each.url === combination && reading.isRequired(each))
    .flatMap(({ extension = [] }) => extension)
    .filter(({ url }) => url === 'required')
    .flatMap(({ valueString }) => valueString ?? [])

const namesOf = (list: readonly { name: string }[] | undefined): string[] =>
  (list ?? []).map(({ name }) => name)

const requiredOf = <T extends Extended>(reading: Reading, list: readonly T[] | undefined): T[] =>
  (list ?? []).filter((each) => reading.isRequired(each))

/** Returns the profiles of a required type: its own, unless an expectation weakens that, and the required supported ones. */
const requiredProfiles = (reading: Reading, wanted: ResourceRest): string[] => {
  const { profile, _profile } = wanted
  const isOwn = profile !== undefined && (expectationOf(_profile) ?? 'SHALL') === 'SHALL'
  return [...(isOwn ? [profile] : []), ...requiredValues(reading, wanted, 'supportedProfile')].map(
    withoutVersion,
  )
}

/** The profiles of a type that is optional are as optional; what else it requires binds a server that serves the type. */
const unmetOfResource = (
  reading: Reading,
  wanted: ResourceRest,
  served: ResourceRest | undefined,
): string[] => {
  const { type } = wanted
  const isRequired = reading.isRequired(wanted)
  if (!served) return isRequired ? [`${type} is not served.`] : []
  if (expectationOf(wanted) === 'SHALL-NOT') return []
  const profiles = [served.profile ?? '', ...(served.supportedProfile ?? [])].map(withoutVersion)
  const parameters = namesOf(served.searchParam)
  const searched = [...namesOf(requiredOf(reading, wanted.searchParam)), ...combined(reading, wanted)]
  const includes = requiredValues(reading, wanted, 'searchInclude').map((each) =>
    each.split(':').slice(0, 2).join(':'),
  )
  const lacking = (what: string, list: readonly string[]): string[] =>
    [...new Set(list)].map((each) => `${type} lacks the ${what} \`${each}\`.`)
  return [
    ...lacking('profile', missing(isRequired ? requiredProfiles(reading, wanted) : [], profiles)),
    ...lacking(
      'interaction',
      missing(
        requiredOf(reading, wanted.interaction).map(({ code }) => code),
        (served.interaction ?? []).map(({ code }) => code),
      ),
    ),
    ...lacking('search parameter', missing(searched, parameters)),
    ...lacking('include', missing(includes, served.searchInclude ?? [])),
    ...lacking(
      'reverse include',
      missing(requiredValues(reading, wanted, 'searchRevInclude'), served.searchRevInclude ?? []),
    ),
    ...lacking(
      'operation',
      missing(namesOf(requiredOf(reading, wanted.operation)), namesOf(served.operation)).map(
        (each) => `$${each}`,
      ),
    ),
    ...lacking(
      'reference policy',
      missing(requiredValues(reading, wanted, 'referencePolicy'), served.referencePolicy ?? []),
    ),
  ]
}

/** `json` and `xml` stand for FHIR's media types, https://hl7.org/fhir/R4/http.html#mime-type */
const formatOf = (format: string): string => (format.includes('/') ? format : `application/fhir+${format}`)

const serverOf = ({ rest = [] }: CapabilityStatement): Rest | undefined =>
  rest.find(({ mode }) => mode === 'server')

/** Returns whether a guide's statement is about servers. */
export const isForServers = (statement: CapabilityStatement): boolean => serverOf(statement) !== undefined

/** Returns a sentence for each SHALL of a guide's statement for servers that a server's own statement does not show. */
export const unmetOf = (wanted: CapabilityStatement, served: CapabilityStatement): string[] => {
  const reading = readingOf(wanted)
  const [asked, given] = [serverOf(wanted), serverOf(served)]
  const formats = requiredValues(reading, wanted, 'format').map(formatOf)
  const system = (what: string, list: readonly string[]): string[] =>
    list.map((each) => `The server lacks the ${what} \`${each}\`.`)
  return [
    ...system('format', missing(formats, (served.format ?? []).map(formatOf))),
    ...system(
      'patch format',
      missing(requiredValues(reading, wanted, 'patchFormat'), served.patchFormat ?? []),
    ),
    ...system(
      'interaction',
      missing(
        requiredOf(reading, asked?.interaction).map(({ code }) => code),
        (given?.interaction ?? []).map(({ code }) => code),
      ),
    ),
    ...system(
      'operation',
      missing(namesOf(requiredOf(reading, asked?.operation)), namesOf(given?.operation)).map(
        (each) => `$${each}`,
      ),
    ),
    ...(asked?.resource ?? []).flatMap((each) =>
      unmetOfResource(
        reading,
        each,
        given?.resource?.find(({ type }) => type === each.type),
      ),
    ),
  ]
}

/** Returns the other guides that a statement requires, which no CapabilityStatement shows to be met. */
export const requiredGuides = (wanted: CapabilityStatement): string[] => {
  const reading = readingOf(wanted)
  return ['implementationGuide', 'instantiates', 'imports']
    .flatMap((name) => requiredValues(reading, wanted, name))
    .filter((each) => withoutVersion(each) !== wanted.url)
}
