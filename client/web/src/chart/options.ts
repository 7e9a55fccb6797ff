import uPlot from 'uplot'
import type { Trend } from '../../../clinical/trend.ts'
import { type BandOf, bandsOf, drawable, type Span } from './data.ts'
import { type Colours, drawBands, drawFlags, drawStems } from './draw.ts'
import { tickLabels } from './ticks.ts'

const font = '12px system-ui, sans-serif'

const lineSeries = (part: string, index: number, colours: Colours): uPlot.Series => ({
  label: part,
  stroke: index === 0 ? colours.line : colours.second,
  width: 1.5,
  spanGaps: true,
  points: { size: 5, fill: colours.surface, stroke: index === 0 ? colours.line : colours.second },
})

const axis = (colours: Colours): uPlot.Axis => ({
  stroke: colours.muted,
  font,
  grid: { stroke: colours.grid, width: 1 },
  ticks: { stroke: colours.grid, width: 1, size: 4 },
})

const timeAxis = (colours: Colours): uPlot.Axis => ({
  ...axis(colours),
  space: 64,
  values: (_u, ticks, _axis, _space, step) => tickLabels(ticks, step),
  size: (_u, labels) => (labels?.some((label) => label?.includes('\n')) ? 44 : 28),
})

/** All charts begin at the same place, but where a number would be cut off and read as another. */
const widthOf = (labels: readonly (string | null)[] | null): number =>
  Math.max(46, ...(labels ?? []).map((label) => (label?.length ?? 0) * 7 + 14))

const lowest = (bands: readonly BandOf[]): number =>
  Math.min(...bands.map((band) => band.range.low ?? Infinity))
const highest = (bands: readonly BandOf[]): number =>
  Math.max(...bands.map((band) => band.range.high ?? -Infinity))

/** The values and the bands are both in sight, with room above and below. */
const yRange =
  (bands: readonly BandOf[]): uPlot.Range.Function =>
  (_u, min, max) => {
    const low = Math.min(min ?? 0, lowest(bands))
    const high = Math.max(max ?? 1, highest(bands))
    const room = Math.max((high - low) * 0.12, Math.abs(high) * 0.01, 0.5)
    return [low - room, high + room]
  }

interface Around {
  span: Span
  width: number
  height: number
  colours: Colours
  select(span: Span): void
  cursor(index: number | null | undefined): void
}

const selected = (u: uPlot, { select }: Around): void => {
  const { left, width } = u.select
  if (width < 4) return
  select({ from: u.posToVal(left, 'x'), to: u.posToVal(left + width, 'x') })
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

const hooks = (trend: Trend, around: Around): uPlot.Hooks.Arrays => {
  const bands = bandsOf(trend)
  const measurements = drawable(trend)
  return {
    drawAxes: [(u) => drawBands(u, bands, around.colours), (u) => drawStems(u, around.colours)],
    draw: [(u) => drawFlags(u, measurements, around.colours)],
    setCursor: [(u) => around.cursor(u.cursor.idx)],
    setSelect: [(u) => selected(u, around)],
  }
}

/** Returns what uPlot needs to draw a trend: bands beneath, lines, and flags above. */
export const plotOptions = (trend: Trend, around: Around): uPlot.Options => ({
  width: around.width,
  height: around.height,
  ms: 1,
  legend: { show: false },
  cursor: {
    y: false,
    drag: { x: true, y: false, setScale: false },
    points: { size: 9, width: 2, fill: around.colours.surface },
  },
  scales: {
    x: { time: true, min: around.span.from, max: around.span.to, auto: false },
    y: { range: yRange(bandsOf(trend)) },
  },
  axes: [timeAxis(around.colours), { ...axis(around.colours), size: (_u, labels) => widthOf(labels) }],
  series: [{}, ...trend.parts.map((part, index) => lineSeries(part, index, around.colours))],
  hooks: hooks(trend, around),
})

export { uPlot }
