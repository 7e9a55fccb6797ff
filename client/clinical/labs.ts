import type { DiagnosticReport, Observation } from 'fhir/r4.js'
import { conceptKey } from './concept-key.ts'
import { unitOf } from './quantity.ts'
import { localReference } from './references.ts'
import { conceptText } from './text.ts'
import { instant } from './time.ts'
import {
  containedMark,
  counts,
  effective,
  inOrder,
  measurement,
  reading,
  type Trend,
  taken,
  unfolded,
} from './trend.ts'

/** Results that are ordered and read together. */
export interface Panel {
  key: string
  title: string
  /** When the newest result of the panel was taken. */
  latest: string
  times: number
  trends: readonly Trend[]
}

interface PanelName {
  key: string
  title: string
}

const others: PanelName = { key: 'other', title: 'Other results' }

const nameOf = (report: DiagnosticReport): PanelName => ({
  key: conceptKey(report.code, 'loinc'),
  title: conceptText(report.code) || 'Panel without a name',
})

/** A result that the report contains has no address of its own, and is found under the report's. */
const containedId = (report: DiagnosticReport, id: string): string =>
  `${report.id ?? ''}${containedMark}${id}`

const resultIds = (report: DiagnosticReport, base: string | undefined): string[] =>
  (report.result ?? []).flatMap((reference) => {
    const local = localReference(reference, base)
    return local?.type === 'Observation' ? [local.id] : []
  })

/** A result without a time of its own was taken when its report says. */
const timed = (result: Observation, report: DiagnosticReport): Observation => {
  const { effectiveDateTime, effectivePeriod, issued } = report
  if (taken(result) !== '') return result
  return {
    ...(issued !== undefined && { issued }),
    ...result,
    ...(effectiveDateTime !== undefined && { effectiveDateTime }),
    ...(effectivePeriod !== undefined && { effectivePeriod }),
  }
}

const containedResults = (report: DiagnosticReport): Observation[] =>
  (report.contained ?? [])
    .filter((each): each is Observation => each.resourceType === 'Observation')
    .map((each) => ({ ...timed(each, report), id: containedId(report, each.id ?? '') }))

/** Returns, for each observation's id, the panels whose reports name or contain it. */
const panelsById = (
  reports: readonly DiagnosticReport[],
  base: string | undefined,
): Map<string, PanelName[]> => {
  const found = new Map<string, PanelName[]>()
  for (const report of reports)
    for (const id of [...resultIds(report, base), ...containedResults(report).map((each) => each.id ?? '')])
      found.set(id, [...(found.get(id) ?? []), nameOf(report)])
  return found
}

const noBand = (): undefined => undefined

const trend = (key: string, observations: readonly Observation[]): Trend => {
  const newest = observations.reduce((a, b) =>
    (instant(effective(a)) || 0) < (instant(effective(b)) || 0) ? b : a,
  )
  const measurements = observations.map((each) => {
    const found = reading(each, '', instant(effective(each)), noBand)
    return measurement(each, found ? [found] : [])
  })
  return {
    key,
    title: conceptText(newest.code) || 'Not coded',
    unit: unitOf(newest.valueQuantity),
    parts: [''],
    measurements: inOrder(measurements),
  }
}

const trendsOf = (observations: readonly Observation[]): Trend[] => {
  const key = (each: Observation) =>
    `${conceptKey(each.code, 'loinc')}|${unitOf(each.valueQuantity)}|${shape(each)}`
  const groups = Map.groupBy(observations, key)
  return [...groups].map(([name, group]) => trend(name, group)).sort((a, b) => a.title.localeCompare(b.title))
}

/** One code may carry different questions told apart by their text only (odour and appearance of urine). */
const shape = (observation: Observation): string =>
  observation.valueQuantity ? 'number' : conceptText(observation.code).toLowerCase()

const panelOf = (name: PanelName, observations: readonly Observation[]): Panel => {
  const times = new Set(observations.map(effective))
  const latest = [...times].reduce((a, b) => (instant(b) > (instant(a) || 0) ? b : a), '')
  return { ...name, latest, times: times.size, trends: trendsOf(observations) }
}

/**
 * Turns laboratory observations, and those that reports contain, into panels by the reports that name them, the panel
 * with the newest result first. `base` is the server's own address, under which a reference is one to its resources.
 */
export const labPanels = (
  observations: readonly Observation[],
  reports: readonly DiagnosticReport[],
  base?: string,
): Panel[] => {
  const valid = reports.filter(({ status }) => status !== 'entered-in-error')
  const byId = panelsById(valid, base)
  const placed = [...observations, ...valid.flatMap(containedResults)]
    .filter(counts)
    .flatMap((each) => unfolded(each))
    .flatMap((each) => (byId.get(each.id ?? '') ?? [others]).map((name) => ({ name, observation: each })))
  const groups = Map.groupBy(placed, (each) => each.name.key)
  return [...groups.values()]
    .map((group) => panelOf(group[0]?.name ?? others, [...new Set(group.map((each) => each.observation))]))
    .sort(
      (a, b) =>
        Number(a.key === 'other') - Number(b.key === 'other') ||
        (instant(b.latest) || 0) - (instant(a.latest) || 0),
    )
}
