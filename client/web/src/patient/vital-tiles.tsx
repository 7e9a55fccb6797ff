import type { Patient } from 'fhir/r4.js'
import { agoText } from '../../../clinical/time.ts'
import { numbersText, type Trend } from '../../../clinical/trend.ts'
import { bandsOf } from '../chart/data.ts'
import { Sparkline } from '../chart/sparkline.tsx'
import { patientHash } from '../route.ts'
import { FlagMark } from '../ui/flag.tsx'
import { Empty, Failed } from '../ui/states.tsx'
import { When } from '../ui/when.tsx'
import type { PatientChart } from './chart.ts'
import { missing, useVitalTrends } from './vitals.tsx'

const rangeText = (trend: Trend): string => {
  const bands = bandsOf(trend)
  return bands.length > 0 ? `Range ${bands.map(({ range }) => range.text).join(' / ')}` : 'No range'
}

const Tile = ({ trend, chart, open }: { trend: Trend; chart: PatientChart; open: (key: string) => void }) => {
  const last = trend.measurements.at(-1)
  if (!last) return null
  return (
    <li>
      <a
        className={`card tile${last.flag ? ' flagged' : ''}`}
        href={patientHash(chart.id, 'vitals')}
        onClick={() => open(trend.key.split('|')[0] ?? '')}
      >
        <span className="tile-title">
          <span className="clip" title={trend.title}>
            {trend.title}
          </span>
          {last.flag && <FlagMark flag={last.flag} />}
        </span>
        <span className="tile-value">
          <strong>{numbersText(last)}</strong> <span className="unit">{trend.unit}</span>
        </span>
        <Sparkline trend={trend} />
        <span className="tile-foot">
          <When at={last.when} />
          <span className="muted">
            {last.status === 'final' ? '' : `${last.status} · `}
            {agoText(last.at, Date.now())} · {rangeText(trend)}
          </span>
        </span>
      </a>
    </li>
  )
}

const Placeholders = () => (
  <ul className="tiles" aria-hidden="true">
    {['a', 'b', 'c', 'd'].map((key) => (
      <li key={key}>
        <div className="card tile skeleton" />
      </li>
    ))}
  </ul>
)

interface VitalTilesProps {
  chart: PatientChart
  patient: Patient
  open(key: string): void
}

/** The latest of each vital sign at a glance: value, flag, course and time. */
export const VitalTiles = ({ chart, patient, open }: VitalTilesProps) => {
  const { snapshot, trends, words } = useVitalTrends(chart, patient)
  const absent = missing([...trends, ...words])
  return (
    <section aria-labelledby="vital-tiles">
      <h2 id="vital-tiles">Vital signs</h2>
      {snapshot.state === 'failed' && (
        <Failed what="vital signs" error={snapshot.error} retry={chart.vitals.more} />
      )}
      {trends.length === 0 && snapshot.state !== 'failed' && snapshot.state !== 'ready' && (
        <>
          <span role="status" className="visually-hidden">
            Loading vital signs…
          </span>
          <Placeholders />
        </>
      )}
      {snapshot.state === 'ready' && trends.length === 0 && words.length === 0 && (
        <Empty>No vital signs recorded.</Empty>
      )}
      <ul className="tiles">
        {trends.map((trend) => (
          <Tile key={trend.key} trend={trend} chart={chart} open={open} />
        ))}
      </ul>
      {words.length > 0 && (
        <p className="absent">
          {words.map(({ title, measurements }) => `${title}: ${measurements.at(-1)?.text}`).join(' · ')}
        </p>
      )}
      {snapshot.state === 'ready' && trends.length > 0 && absent.length > 0 && (
        <p className="muted absent">Not recorded: {absent.join(', ')}</p>
      )}
    </section>
  )
}
