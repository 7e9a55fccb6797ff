import type { DiagnosticReport, Observation } from 'fhir/r4.js'
import { conceptText } from './text.ts'
import { instant } from './time.ts'
import { counts, effective, inOrder, measurement, reading, type Trend, unfolded, unitOf } from './trend.ts'

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
  key: report.code.coding?.[0]?.code ?? conceptText(report.code),
  title: conceptText(report.code) || 'Panel without a name',
})

const resultIds = (report: DiagnosticReport): string[] =>
  (report.result ?? []).map((reference) => reference.reference?.split('/').at(-1) ?? '')

/** Returns, for each observation's id, the panels whose reports name it. */
const panelsById = (reports: readonly DiagnosticReport[]): Map<string, PanelName[]> => {
  const found = new Map<string, PanelName[]>()
  for (const report of reports)
    for (const id of resultIds(report)) found.set(id, [...(found.get(id) ?? []), nameOf(report)])
  return found
}

const codeOf = (observation: Observation): string =>
  observation.code.coding?.[0]?.code ?? conceptText(observation.code)

const noBand = (): undefined => undefined

const trend = (key: string, observations: readonly Observation[]): Trend => {
  const newest = observations.reduce((a, b) => (effective(a) < effective(b) ? b : a))
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
  const key = (each: Observation) => `${codeOf(each)}|${unitOf(each.valueQuantity)}|${shape(each)}`
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

/** Turns laboratory observations into panels by the reports that name them, the panel with the newest result first. */
export const labPanels = (
  observations: readonly Observation[],
  reports: readonly DiagnosticReport[],
): Panel[] => {
  const byId = panelsById(reports)
  const placed = observations
    .filter(counts)
    .flatMap((each) => unfolded(each))
    .flatMap((each) => (byId.get(each.id ?? '') ?? [others]).map((name) => ({ name, observation: each })))
  const groups = Map.groupBy(placed, (each) => each.name.key)
  return [...groups.values()]
    .map((group) => panelOf(group[0]?.name ?? others, [...new Set(group.map((each) => each.observation))]))
    .sort(
      (a, b) =>
        Number(a.key === 'other') - Number(b.key === 'other') || instant(b.latest) - instant(a.latest),
    )
}
