import type { Patient } from 'fhir/r4.js'
import { useEffect, useMemo } from 'react'
import type { Trend } from '../../../clinical/trend.ts'
import { vitals, vitalTrends, wordTrends } from '../../../clinical/vitals.ts'
import { type Span, spanOf } from '../chart/data.ts'
import { createViewport } from '../chart/viewport.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { When } from '../ui/when.tsx'
import type { PatientChart } from './chart.ts'
import { SpanBar } from './span-bar.tsx'
import { TrendFigure } from './trend-figure.tsx'

/** Returns a patient's vital signs as trends, judged by the age at each measurement. */
export const useVitalTrends = (chart: PatientChart, patient: Patient) => {
  const snapshot = useCollection(chart.vitals)
  const trends = useMemo(
    () => vitalTrends(snapshot.items, patient.birthDate),
    [snapshot.items, patient.birthDate],
  )
  const words = useMemo(() => wordTrends(snapshot.items), [snapshot.items])
  return { snapshot, trends, words }
}

/** What was recorded in words, or why there is nothing, cannot be charted and must be seen all the same. */
const Words = ({ words }: { words: readonly Trend[] }) => (
  <section className="card glance" aria-label="Recorded without a number">
    <header className="glance-head">
      <h3>Recorded without a number</h3>
    </header>
    <ul className="lines">
      {words.map(({ key, title, measurements }) => (
        <li key={key}>
          <span className="line-main">
            {title} <span className="muted">{measurements.at(-1)?.text}</span>
          </span>
          <span className="line-when">
            <When at={measurements.at(-1)?.when} />
          </span>
        </li>
      ))}
    </ul>
  </section>
)

/** Returns the names of the vital signs that nothing was recorded of. */
export const missing = (trends: readonly Trend[]): string[] =>
  vitals
    .filter(({ key }) => !trends.some((trend) => trend.key.startsWith(`${key}|`)))
    .map(({ title }) => title)

const useViewport = (whole: Span) =>
  // A viewport belongs to the ends of the data: more data of the same stretch must not reset the reader's zoom.
  useMemo(() => createViewport({ from: whole.from, to: whole.to }), [whole.from, whole.to])

const useJump = (focus: string | undefined, ready: boolean): void => {
  useEffect(() => {
    if (!focus || !ready) return
    const target = document.getElementById(`trend-${focus}`)
    target?.scrollIntoView({ block: 'start' })
    target?.focus({ preventScroll: true })
  }, [focus, ready])
}

const Progress = ({ count, loading }: { count: number; loading: boolean }) =>
  loading ? (
    <p className="muted" role="status">
      Loading vital signs… {count > 0 ? `${count} so far` : ''}
    </p>
  ) : null

interface VitalsProps {
  chart: PatientChart
  patient: Patient
  focus?: string | undefined
}

/** Vital signs over time, all charts on one time axis. */
export const Vitals = ({ chart, patient, focus }: VitalsProps) => {
  const { snapshot, trends, words } = useVitalTrends(chart, patient)
  const viewport = useViewport(useMemo(() => spanOf(trends), [trends]))
  useJump(focus, trends.length > 0)
  const absent = missing([...trends, ...words])
  if (snapshot.state === 'ready' && trends.length === 0 && words.length === 0)
    return <Empty>No vital signs recorded. Enter the first with “Observation”, above.</Empty>
  return (
    <div className="vitals">
      {snapshot.state === 'failed' && (
        <Failed what="vital signs" error={snapshot.error} retry={chart.vitals.more} />
      )}
      {trends.length === 0 && words.length === 0 && snapshot.state !== 'failed' && (
        <Loading what="vital signs" lines={6} />
      )}
      {trends.length > 0 && <SpanBar viewport={viewport} />}
      <Progress count={snapshot.items.length} loading={snapshot.state === 'loading' && trends.length > 0} />
      <div className="trends">
        {trends.map((trend) => (
          <TrendFigure
            key={trend.key}
            trend={trend}
            viewport={viewport}
            height={trend.parts.length > 1 ? 230 : 180}
          />
        ))}
      </div>
      {words.length > 0 && <Words words={words} />}
      {snapshot.state === 'ready' && absent.length > 0 && (
        <p className="muted">Not recorded: {absent.join(', ')}.</p>
      )}
    </div>
  )
}
