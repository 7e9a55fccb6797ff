import type { BundleEntry, FhirResource, Quantity, Reference } from 'fhir/r4.js'
import { dateTimeText } from './calendar.ts'
import { hexName } from './dice.ts'
import type { Person } from './person.ts'
import { systems } from './tables/codes.ts'

const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown }

/**
 * Returns a decimal that JSON.stringify writes with exactly that many digits: `37.0` for 37 with one digit.
 * The result is for writing, not for arithmetic.
 */
export const writtenDecimal = (value: number, digits: number): number =>
  (digits === 0 ? Math.round(value) : rawJSON(value.toFixed(digits))) as number

/** Returns a Quantity in UCUM. */
export const demoQuantity = (value: number, digits: number, unit: string, code = unit): Quantity => ({
  value: writtenDecimal(value, digits),
  unit,
  system: systems.ucum,
  code,
})

/** The resources gathered for a person; `prefix` begins the full URLs of the bundle. */
export interface Pages {
  prefix: string
  entries: BundleEntry[]
}

/** A patient's records while they are being written. */
export interface Chart extends Pages {
  person: Person
  patient: Reference
  practitioner: Reference
  organization: Reference
}

/** Returns empty pages for a person's resources. */
export const emptyPages = ({ seed, index }: Person): Pages => {
  const name = hexName(seed, index, 2)
  const groups = [name.slice(0, 8), name.slice(8, 12), `4${name.slice(12, 15)}`, `8${name.slice(13, 16)}`]
  return { prefix: `urn:uuid:${groups.join('-')}-`, entries: [] }
}

/** Adds a resource to the records and returns its reference; with criteria, as a conditional create. */
export const addToChart = (
  { prefix, entries }: Pages,
  resource: FhirResource,
  ifNoneExist?: string,
): Reference => {
  const fullUrl = prefix + (entries.length + 1).toString(16).padStart(12, '0')
  const request = { method: 'POST' as const, url: resource.resourceType }
  entries.push({ fullUrl, resource, request: ifNoneExist ? { ...request, ifNoneExist } : request })
  return { reference: fullUrl }
}

/** Returns a FHIR dateTime on the person's clock. */
export const clock = ({ person }: Chart, at: number): string => dateTimeText(at, person.town.zone)
