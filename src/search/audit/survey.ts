/** Walks through a part of the index and the resources that it is about, in pieces of bounded work. */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { typesInCompartment } from '../../fhir/parameters.ts'
import { failure } from '../../outcome/failure.ts'
import type { AuditScope, ResourceKey } from '../../store/port.ts'
import { patientsOf } from '../index/lists.ts'
import { type Checked, type Checking, checkEntries, checkPast, checkResources } from './audit.ts'

/** What is looked through: a type, a patient's compartment, or one resource. */
export type SurveyScope = AuditScope | { resource: ResourceKey }

/** How much one piece may do: so many resources and entries, for so many milliseconds. */
export interface Piece {
  most: number
  patience: number
}

/** What a piece has found, and where the next one begins, if there is one. */
export interface Surveyed extends Checked {
  next?: string
}

/** Which walk it is, the resources of one type or the index, and where in it. */
type Place = [walk: number, after?: string]

/** One page of one walk. */
type Step = (after: string | undefined) => Promise<{ checked: Checked; after?: string }>

const pageSize = 200

const overResources =
  (checking: Checking, type: string, concerns?: (resource: Resource) => boolean): Step =>
  async (from) => {
    const { found, after } = await checking.audit.ids(type, pageSize, from)
    const checked = await checkResources(checking, type, found, concerns)
    return { checked, ...(after !== undefined && { after }) }
  }

const overEntries =
  (checking: Checking, scope: AuditScope): Step =>
  async (from) => {
    const { found, after } = await checking.audit.entries(scope, pageSize * 5, from)
    return { checked: await checkEntries(checking, found), ...(after !== undefined && { after }) }
  }

/** A patient's own resources stand among everybody's: each type's are looked through for them. */
const ofPatient = (checking: Checking, patient: string): Step[] => [
  async () => ({ checked: await checkResources(checking, 'Patient', [patient]) }),
  overEntries(checking, { patient }),
  ...['Patient', ...typesInCompartment('Patient')].map((type) =>
    overResources(checking, type, (resource) => patientsOf(resource).includes(patient)),
  ),
]

const ofOne = (checking: Checking, { type, id }: ResourceKey): Step[] => [
  async () => ({ checked: await checkResources(checking, type, [id]) }),
  async () => ({ checked: await checkPast(checking, type, id) }),
]

const walksOf = (checking: Checking, scope: SurveyScope): Step[] => {
  if ('patient' in scope) return ofPatient(checking, scope.patient)
  if ('resource' in scope) return ofOne(checking, scope.resource)
  return [overResources(checking, scope.type), overEntries(checking, scope)]
}

const placeOf = (cursor: string | undefined, walks: number): Place => {
  if (cursor === undefined) return [0]
  const [walk, after] = decodeCursor(cursor)
  if (Number.isInteger(walk) && Number(walk) >= 0 && Number(walk) < walks)
    return typeof after === 'string' ? [Number(walk), after] : [Number(walk)]
  throw failure('invalid', 'The `cursor` was not given by this server. Start without it.', 'cursor')
}

const added = (a: Checked, b: Checked): Checked => ({
  resources: a.resources + b.resources,
  entries: a.entries + b.entries,
  drift: [...a.drift, ...b.drift],
  young: a.young + b.young,
})

const nothing: Checked = { resources: 0, entries: 0, drift: [], young: 0 }

/** Checks, and where it is asked to repairs, one piece of a scope. */
export const survey = async (
  checking: Checking,
  scope: SurveyScope,
  { most, patience }: Piece,
  cursor?: string,
): Promise<Surveyed> => {
  const walks = walksOf(checking, scope)
  const began = performance.now()
  let [walk, after] = placeOf(cursor, walks.length)
  let all = nothing
  while (walk < walks.length) {
    if (all.entries >= most || performance.now() - began > patience)
      return { ...all, next: encodeCursor(after === undefined ? [walk] : [walk, after]) }
    const step = await (walks[walk] as Step)(after)
    all = added(all, step.checked)
    after = step.after
    if (after === undefined) walk++
  }
  return all
}
