import { useState } from 'react'
import { glance, type Measurement, type Reading, storedIn, type Trend } from '../../../clinical/trend.ts'
import { FlagMark } from '../ui/flag.tsx'
import { RawButton } from '../ui/raw-button.tsx'
import { When } from '../ui/when.tsx'

const rowsAtOnce = 50

const Value = ({ reading, exact }: { reading: Reading | undefined; exact: boolean }) => {
  if (!reading) return <span className="muted">–</span>
  const short = glance(reading)
  return (
    <span className="value" title={`${reading.digits} ${reading.unit}`}>
      {exact ? reading.digits : short}
      {!exact && short !== reading.digits && <span className="visually-hidden"> rounded</span>}
      {reading.flag && <FlagMark flag={reading.flag} />}
    </span>
  )
}

interface RowProps {
  trend: Trend
  measurement: Measurement
  exact: boolean
}

const Row = ({ trend, measurement, exact }: RowProps) => (
  <tr>
    <td>
      <When at={measurement.when} />
      {measurement.status !== 'final' && <span className="muted"> {measurement.status}</span>}
    </td>
    {trend.parts.map((part) => (
      <td key={part} className="number">
        {measurement.readings.length > 0 ? (
          <Value reading={measurement.readings.find((each) => each.part === part)} exact={exact} />
        ) : (
          measurement.text
        )}
      </td>
    ))}
    <td>{measurement.readings.find((each) => each.unit)?.unit}</td>
    <td className="muted">{measurement.readings.map((each) => each.range?.text ?? '–').join(' / ')}</td>
    <td className="row-actions">
      <RawButton {...storedIn(measurement)} what={`${trend.title} ${measurement.when}`} />
    </td>
  </tr>
)

/** The numbers of a trend, newest first. */
export const TrendTable = ({ trend }: { trend: Trend }) => {
  const [limit, setLimit] = useState(rowsAtOnce)
  const [exact, setExact] = useState(false)
  const newest = trend.measurements.toReversed()
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll a wide table */}
      <section className="table-scroll" tabIndex={0} aria-label={`${trend.title}, all measurements`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {trend.parts.map((part) => (
                <th key={part} scope="col" className="number">
                  {part || 'Value'}
                </th>
              ))}
              <th scope="col">Unit</th>
              <th scope="col">Range</th>
              <th scope="col">
                <span className="visually-hidden">Raw</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {newest.slice(0, limit).map((measurement) => (
              <Row key={measurement.id} trend={trend} measurement={measurement} exact={exact} />
            ))}
          </tbody>
        </table>
      </section>
      <div className="list-foot">
        <span>
          {Math.min(limit, newest.length)} of {newest.length} measurements
        </span>
        <label className="check">
          <input type="checkbox" checked={exact} onChange={(event) => setExact(event.target.checked)} /> All
          digits
        </label>
        {limit < newest.length && (
          <button type="button" className="button small" onClick={() => setLimit(limit + rowsAtOnce)}>
            Show more
          </button>
        )}
      </div>
    </>
  )
}
