import type uPlot from 'uplot'
import type { Level } from '../../../clinical/range.ts'
import type { Measurement } from '../../../clinical/trend.ts'
import type { BandOf } from './data.ts'

/** The page's colours as a canvas understands them. */
export interface Colours {
  ink: string
  muted: string
  grid: string
  line: string
  second: string
  band: string
  bandEdge: string
  surface: string
  high: string
  low: string
  abnormal: string
}

const names: Record<keyof Colours, string> = {
  ink: '--ink',
  muted: '--muted',
  grid: '--grid',
  line: '--series',
  second: '--series-2',
  band: '--band',
  bandEdge: '--band-edge',
  surface: '--surface',
  high: '--high',
  low: '--low',
  abnormal: '--abnormal',
}

/** Returns the colours of the theme that an element wears. */
export const coloursOf = (host: HTMLElement): Colours => {
  const probe = host.appendChild(document.createElement('i'))
  const entries = Object.entries(names).map(([key, name]) => {
    probe.style.color = `var(${name})`
    return [key, getComputedStyle(probe).color]
  })
  probe.remove()
  return Object.fromEntries(entries) as unknown as Colours
}

/** Draws the bands in which values are expected, beneath everything else. */
export const drawBands = (u: uPlot, bands: readonly BandOf[], colours: Colours): void => {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const band of bands) drawBand(u, band, colours)
  ctx.restore()
}

const drawBand = (u: uPlot, { range, from }: BandOf, colours: Colours): void => {
  const { ctx, bbox } = u
  const left = Math.max(bbox.left, u.valToPos(from, 'x', true))
  const top = range.high === undefined ? bbox.top : u.valToPos(range.high, 'y', true)
  const bottom = range.low === undefined ? bbox.top + bbox.height : u.valToPos(range.low, 'y', true)
  ctx.fillStyle = colours.band
  ctx.fillRect(left, top, bbox.left + bbox.width - left, bottom - top)
  ctx.strokeStyle = colours.bandEdge
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
  ctx.lineWidth = devicePixelRatio
  for (const y of [top, bottom]) {
    ctx.beginPath()
    ctx.moveTo(left, Math.round(y) + 0.5)
    ctx.lineTo(bbox.left + bbox.width, Math.round(y) + 0.5)
    ctx.stroke()
  }
}

const visible = (u: uPlot): readonly [number, number] => {
  const [first, last] = (u.series[0] as { idxs?: [number, number] }).idxs ?? [0, -1]
  return [first, last]
}

/** Draws a stem between the two values of a pair, while there is room for stems. */
export const drawStems = (u: uPlot, colours: Colours): void => {
  const [first, last] = visible(u)
  if (u.data.length < 3 || last - first > u.bbox.width / (6 * devicePixelRatio)) return
  u.ctx.save()
  u.ctx.strokeStyle = colours.grid
  u.ctx.lineWidth = 3 * devicePixelRatio
  u.ctx.beginPath()
  for (let index = first; index <= last; index++) {
    const [at, upper, lower] = [u.data[0][index], u.data[1]?.[index], u.data[2]?.[index]]
    if (at === undefined || upper == null || lower == null) continue
    const x = u.valToPos(at, 'x', true)
    u.ctx.moveTo(x, u.valToPos(upper, 'y', true))
    u.ctx.lineTo(x, u.valToPos(lower, 'y', true))
  }
  u.ctx.stroke()
  u.ctx.restore()
}

const shapes: Record<Level, readonly (readonly [x: number, y: number])[]> = {
  high: [
    [0, -1.1],
    [1, 0.8],
    [-1, 0.8],
  ],
  low: [
    [0, 1.1],
    [1, -0.8],
    [-1, -0.8],
  ],
  abnormal: [
    [0, -1.1],
    [1.1, 0],
    [0, 1.1],
    [-1.1, 0],
  ],
}

const addShape = (path: Path2D, level: Level, x: number, y: number, size: number): void => {
  shapes[level].forEach(([dx, dy], index) => {
    if (index === 0) path.moveTo(x + dx * size, y + dy * size)
    else path.lineTo(x + dx * size, y + dy * size)
  })
  path.closePath()
}

/** Draws a triangle up, a triangle down or a diamond on each value that is out of range. */
export const drawFlags = (u: uPlot, measurements: readonly Measurement[], colours: Colours): void => {
  const [first, last] = visible(u)
  const size = (last - first > 800 ? 3.5 : 5) * devicePixelRatio
  const paths: Record<Level, Path2D> = { high: new Path2D(), low: new Path2D(), abnormal: new Path2D() }
  for (let index = Math.max(0, first); index <= last; index++) {
    const measurement = measurements[index]
    const x = measurement && u.valToPos(measurement.at, 'x', true)
    for (const { flag, value } of measurement?.readings ?? [])
      if (flag) addShape(paths[flag.level], flag.level, x ?? 0, u.valToPos(value, 'y', true), size)
  }
  u.ctx.save()
  u.ctx.lineWidth = 1.5 * devicePixelRatio
  u.ctx.strokeStyle = colours.surface
  for (const level of ['high', 'low', 'abnormal'] as const) {
    u.ctx.fillStyle = colours[level]
    u.ctx.stroke(paths[level])
    u.ctx.fill(paths[level])
  }
  u.ctx.restore()
}
