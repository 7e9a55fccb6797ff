/** Checks a part of the index and its resources in pieces of bounded work. */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { typesInCompartment } from '../../fhir/parameters.ts'
import { failure } from '../../outcome/failure.ts'
import type { AuditScope, ResourceKey } from '../../store/port.ts'
import { patientsOf } from '../index/lists.ts'
import { type Checked, type Checking, checkIndexEntries, checkPast, checkResources } from './audit.ts'

/** The part to check: a type, a patient's compartment, or a resource. */
export type SurveyScope = AuditScope | { resource: ResourceKey }

/** The most resources and entries of a piece, and its longest time in milliseconds. */
export interface Piece {
  most: number
  patience: number
}

/** The result of a piece, and the cursor of the next piece, if there is a next piece. */
export interface Surveyed extends Checked {
  next?: string
}

/** The number of the walk, over a type's resources or over the index, and the cursor within the walk. */
type SurveyPosition = [walk: number, after?: string]

/** Checks a page of a walk. */
type SurveyStep = (after: string | undefined) => Promise<{ checked: Checked; after?: string }>

const surveyPageSize = 200

const overResources =
  (checking: Checking, type: string, concerns?: (resource: Resource) => boolean): SurveyStep =>
  async (from) => {
    const { found, after } = await checking.audit.ids(type, surveyPageSize, from)
    const checked = await checkResources(checking, type, found, concerns)
    return { checked, ...(after !== undefined && { after }) }
  }

const overEntries =
  (checking: Checking, scope: AuditScope): SurveyStep =>
  async (from) => {
    const { found, after } = await checking.audit.entries(scope, surveyPageSize * 5, from)
    return { checked: await checkIndexEntries(checking, found), ...(after !== undefined && { after }) }
  }

/**
 * Returns the walks for a patient: the resources of each type in the compartment are filtered by patient, since their
 * lists hold all patients' resources.
 */
const stepsOfPatient = (checking: Checking, patient: string): SurveyStep[] => [
  async () => ({ checked: await checkResources(checking, 'Patient', [patient]) }),
  overEntries(checking, { patient }),
  ...['Patient', ...typesInCompartment('Patient')].map((type) =>
    overResources(checking, type, (resource) => patientsOf(resource).includes(patient)),
  ),
]

const stepsOfResource = (checking: Checking, { type, id }: ResourceKey): SurveyStep[] => [
  async () => ({ checked: await checkResources(checking, type, [id]) }),
  async () => ({ checked: await checkPast(checking, type, id) }),
]

const surveyWalks = (checking: Checking, scope: SurveyScope): SurveyStep[] => {
  if ('patient' in scope) return stepsOfPatient(checking, scope.patient)
  if ('resource' in scope) return stepsOfResource(checking, scope.resource)
  return [overResources(checking, scope.type), overEntries(checking, scope)]
}

const surveyPositionOf = (cursor: string | undefined, walks: number): SurveyPosition => {
  if (cursor === undefined) return [0]
  const [walk, after] = decodeCursor(cursor)
  if (Number.isInteger(walk) && Number(walk) >= 0 && Number(walk) < walks)
    return typeof after === 'string' ? [Number(walk), after] : [Number(walk)]
  throw failure('invalid', 'The `cursor` was not given by this server. Start without it.', 'cursor')
}

const addedChecks = (a: Checked, b: Checked): Checked => ({
  resources: a.resources + b.resources,
  entries: a.entries + b.entries,
  drift: [...a.drift, ...b.drift],
  young: a.young + b.young,
})

const nothingChecked: Checked = { resources: 0, entries: 0, drift: [], young: 0 }

/** Checks a piece of a scope, and repairs the index if asked to. Fails with `invalid` for a foreign cursor. */
export const survey = async (
  checking: Checking,
  scope: SurveyScope,
  { most, patience }: Piece,
  cursor?: string,
): Promise<Surveyed> => {
  const walks = surveyWalks(checking, scope)
  const began = performance.now()
  let [walk, after] = surveyPositionOf(cursor, walks.length)
  let all = nothingChecked
  while (walk < walks.length) {
    if (all.entries >= most || performance.now() - began > patience)
      return { ...all, next: encodeCursor(after === undefined ? [walk] : [walk, after]) }
    const step = await (walks[walk] as SurveyStep)(after)
    all = addedChecks(all, step.checked)
    after = step.after
    if (after === undefined) walk++
  }
  return all
}
