/** The measurements of a code in a set of Observations: https://hl7.org/fhir/R4/observation-operation-stats.html */

import { markedDigits, parseKeeping } from '../../fhir/json/digits.ts'
import { parseLink } from '../../fhir/references.ts'
import type { Version } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import type { Coding } from '../../terminology/resources.ts'

export interface Quantity {
  /** With the mark of a number's digits. */
  value?: string
  unit?: string
  system?: string
  code?: string
}

interface Measured {
  code?: { coding?: Coding[] }
  valueQuantity?: Quantity
  component?: Measured[]
}

interface Observation extends Measured {
  status?: string
  modifierExtension?: unknown[]
  hasMember?: { reference?: string }[]
}

/** The quantities measured for a code, and the number of Observations of that code, with or without a quantity. */
export interface Measurements {
  coding: Coding
  quantities: Quantity[]
  total: number
}

const isCodedAs = ({ code }: Measured, wanted: Coding): boolean =>
  (code?.coding ?? []).some(
    (each) => each.code === wanted.code && (!wanted.system || each.system === wanted.system),
  )

const isMeasured = ({ valueQuantity }: Measured): boolean => markedDigits(valueQuantity?.value) !== undefined

/** Returns the quantities of an observation and of its components, such as a diastolic pressure. */
const quantitiesIn = (observation: Observation, wanted: Coding): Quantity[] =>
  withComponents(observation)
    .filter((part) => isCodedAs(part, wanted) && isMeasured(part))
    .map(({ valueQuantity = {} }) => valueQuantity)

/** Returns whether a value may be computed with: a modifier extension may turn a value into its opposite. */
const isPlain = ({ modifierExtension }: Observation): boolean => modifierExtension === undefined

const observationOf = ({ text }: Version): Observation => parseKeeping(text) as Observation

/** Returns whether a version counts: an Observation that was entered in error does not. */
export const counts = (version: Version): boolean => observationOf(version).status !== 'entered-in-error'

const measurementsOf = (coding: Coding, observations: readonly Observation[]): Measurements => ({
  coding,
  quantities: observations.filter(isPlain).flatMap((each) => quantitiesIn(each, coding)),
  total: observations.length,
})

/** A panel has no value of its own, but components, or members that are Observations too. */
const isPanel = (observation: Observation, wanted: Coding): boolean =>
  isCodedAs(observation, wanted) &&
  !isMeasured(observation) &&
  [observation.component, observation.hasMember].some((list) => (list ?? []).length > 0)

const panelMembers = async (
  panels: readonly Observation[],
  reader: Reader,
  base: string,
): Promise<Observation[]> => {
  const links = panels.flatMap(({ hasMember = [] }) => hasMember).map(({ reference = '' }) => reference)
  const ids = links.flatMap((link) => {
    const target = parseLink(link, base)
    return target?.kind === 'local' && target.type === 'Observation' ? [target.id] : []
  })
  const keys = [...new Set(ids)].map((id) => ({ type: 'Observation', id }))
  const found = keys.length > 0 ? await reader.get(keys) : []
  return found
    .filter((version) => version !== undefined)
    .filter((version) => !version.deleted && counts(version))
    .map(observationOf)
}

const withComponents = (observation: Observation): Measured[] => [
  observation,
  ...(observation.component ?? []),
]

const codingIn = ({ code }: Measured): Coding[] =>
  (code?.coding ?? [])
    .filter((coding) => coding.code !== undefined)
    .slice(0, 1)
    .map(({ system, code: own = '' }) => (system === undefined ? { code: own } : { system, code: own }))

/**
 * Returns the measurements of a code in these versions; for a panel's code, the measurements of every code within the
 * panel.
 */
export const measurements = async (
  wanted: Coding,
  versions: readonly Version[],
  { reader, base }: { reader: Reader; base: string },
): Promise<readonly Measurements[]> => {
  const all = versions.map(observationOf)
  const panels = all.filter((each) => isPanel(each, wanted))
  const own = measurementsOf(
    wanted,
    all.filter((each) => !panels.includes(each)),
  )
  if (panels.length === 0) return [own]
  const inside = [...panels, ...(await panelMembers(panels, reader, base))]
  const codings = inside.flatMap(withComponents).filter(isMeasured).flatMap(codingIn)
  const distinct = new Map(codings.map((coding) => [`${coding.system}|${coding.code}`, coding]))
  const parts = [...distinct.values()].map((coding) =>
    measurementsOf(
      coding,
      inside.filter((each) => withComponents(each).some((part) => isCodedAs(part, coding))),
    ),
  )
  return own.total > 0 || parts.length === 0 ? [own, ...parts] : parts
}
