import type { Level } from '../../../clinical/range.ts'
import type { Trend } from '../../../clinical/trend.ts'
import { columns, drawable } from './data.ts'

const width = 120
const height = 32
const edge = 5

interface Dot {
  x: number
  y: number
  level: Level | undefined
}

const scale = (from: number, to: number, length: number) => (value: number) =>
  to === from ? length / 2 : edge + ((value - from) / (to - from)) * (length - 2 * edge)

const dotsOf = (trend: Trend, most: number): Dot[][] => {
  const [times, ...values] = columns(trend)
  const recent = times.slice(-most)
  const kept = values.map((column) => column.slice(-most))
  const numbers = kept.flat().filter((value) => value !== null)
  const x = scale(recent[0] ?? 0, recent.at(-1) ?? 1, width)
  const y = scale(Math.max(...numbers), Math.min(...numbers), height)
  const measurements = drawable(trend).slice(-most)
  return kept.map((column, part) =>
    column.flatMap((value, index) => {
      const level = measurements[index]?.readings.find((each) => each.part === trend.parts[part])?.flag?.level
      return value === null ? [] : [{ x: x(recent[index] ?? 0), y: y(value), level }]
    }),
  )
}

const marks: Record<Level, (x: number, y: number) => string> = {
  high: (x, y) => `M${x} ${y - 4}l4 7h-8z`,
  low: (x, y) => `M${x} ${y + 4}l4-7h-8z`,
  abnormal: (x, y) => `M${x} ${y - 4.5}l4.500 4.500l-4.500 4.500l-4.500-4.500z`,
}

const Line = ({ dots }: { dots: readonly Dot[] }) => {
  const last = dots.at(-1)
  return (
    <>
      <polyline
        points={dots.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
        className="spark-line"
      />
      {last &&
        (last.level ? (
          <path d={marks[last.level](last.x, last.y)} className={`spark-flag ${last.level}`} />
        ) : (
          <circle cx={last.x} cy={last.y} r={3} className="spark-dot" />
        ))}
    </>
  )
}

/** The course of the newest values, for the eye only: the numbers stand beside it. */
export const Sparkline = ({ trend, most = 30 }: { trend: Trend; most?: number }) => {
  const lines = dotsOf(trend, most)
  if ((lines[0]?.length ?? 0) < 2) return <span className="spark" aria-hidden="true" />
  return (
    <svg
      className="spark"
      preserveAspectRatio="xMinYMid meet"
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      focusable="false"
    >
      {lines.map((dots, index) => (
        <Line key={trend.parts[index]} dots={dots} />
      ))}
    </svg>
  )
}
