import { useId, useState } from 'react'
import { type Measurement, numbersText, storedIn, type Trend } from '../../../clinical/trend.ts'
import { bandsOf, drawable, flagged, summary } from '../chart/data.ts'
import { LazyPlot } from '../chart/lazy-plot.tsx'
import type { Viewport } from '../chart/viewport.ts'
import { usePage } from '../page.ts'
import { FlagMark } from '../ui/flag.tsx'
import { When } from '../ui/when.tsx'
import { TrendTable } from './trend-table.tsx'

const Latest = ({ measurement }: { measurement: Measurement | undefined }) => {
  if (!measurement) return null
  return (
    <p className="latest">
      <span className="latest-value">
        {measurement.readings.length > 0 ? numbersText(measurement) : measurement.text}
      </span>
      <span className="unit">{measurement.readings[0]?.unit}</span>
      {measurement.flag && <FlagMark flag={measurement.flag} />}
      <span className="muted">
        <When at={measurement.when} />
      </span>
    </p>
  )
}

const bandTexts = (trend: Trend): string[] => {
  const bySource = Map.groupBy(bandsOf(trend), (band) => band.range.source)
  return [...bySource].map(([source, bands]) => {
    const ranges = bands.map(({ part, range }) => `${part} ${range.text}`.trim()).join(', ')
    return `${ranges} ${trend.unit}, ${source}`
  })
}

const Parts = ({ parts }: { parts: readonly string[] }) =>
  parts.length < 2
    ? null
    : parts.map((part, index) => (
        <span key={part} className={`key line-${index}`}>
          {part}
        </span>
      ))

/** Says which bands a chart shows, and which signs stand for values outside of them. */
const Legend = ({ trend }: { trend: Trend }) => {
  const bands = bandTexts(trend)
  const out = flagged(trend)
  return (
    <p className="legend">
      <Parts parts={trend.parts} />
      {bands.map((text) => (
        <span key={text} className="key band-key">
          {text}
        </span>
      ))}
      {bands.length === 0 && <span>No reference range</span>}
      {out > 0 && (
        <span>
          <span className="high-sign">▲</span> above, <span className="low-sign">▼</span> below: {out} of{' '}
          {trend.measurements.length}
        </span>
      )}
    </p>
  )
}

interface TrendFigureProps {
  trend: Trend
  viewport: Viewport
  height?: number
}

/** A trend as a chart or as a table, the latest value above it. */
export const TrendFigure = ({ trend, viewport, height = 190 }: TrendFigureProps) => {
  const { showRaw } = usePage()
  const [table, setTable] = useState(false)
  const heading = useId()
  const charted = drawable(trend).length > 0
  const asTable = table || !charted
  return (
    <section
      className={trend.parts.length > 1 ? 'card trend pair' : 'card trend'}
      aria-labelledby={heading}
      id={`trend-${trend.key.split('|')[0]}`}
      tabIndex={-1}
    >
      <header className="trend-head">
        <h3 id={heading}>{trend.title}</h3>
        <Latest measurement={trend.measurements.at(-1)} />
        {charted && (
          <button
            type="button"
            className="button small"
            aria-label={`${trend.title}: ${table ? 'chart' : 'table'}`}
            onClick={() => setTable(!table)}
          >
            {table ? 'Chart' : 'Table'}
          </button>
        )}
      </header>
      {asTable ? (
        <TrendTable trend={trend} />
      ) : (
        <figure>
          <LazyPlot
            trend={trend}
            viewport={viewport}
            height={height}
            open={(measurement) => {
              const { type, id } = storedIn(measurement)
              showRaw(type, id)
            }}
          />
          <figcaption>
            <span className="visually-hidden">{summary(trend)}</span>
            <Legend trend={trend} />
          </figcaption>
        </figure>
      )}
    </section>
  )
}
