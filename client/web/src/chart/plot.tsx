import 'uplot/dist/uPlot.min.css'
import { useEffect, useMemo, useRef, useState } from 'react'
import { timeText } from '../../../clinical/time.ts'
import { type Measurement, measurementText, type Trend } from '../../../clinical/trend.ts'
import { columns, drawable, moved, spoken, summary, zoomed } from './data.ts'
import { coloursOf } from './draw.ts'
import { plotOptions, uPlot } from './options.ts'
import { followFingers } from './touch.ts'
import type { Viewport } from './viewport.ts'

interface PlotProps {
  trend: Trend
  viewport: Viewport
  height: number
  /** Called when a reader asks for more about a measurement. */
  open(measurement: Measurement): void
}

const themeChanges = (listener: () => void): (() => void) => {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', listener)
  document.addEventListener('themechange', listener)
  return () => {
    dark.removeEventListener('change', listener)
    document.removeEventListener('themechange', listener)
  }
}

const useTheme = (): number => {
  const [turn, setTurn] = useState(0)
  useEffect(() => themeChanges(() => setTurn((before) => before + 1)), [])
  return turn
}

const fillTip = (tip: HTMLElement, measurement: Measurement | undefined): void => {
  tip.hidden = measurement === undefined
  if (!measurement) return
  const value = document.createElement('strong')
  value.textContent = measurementText(measurement, (reading) => reading.digits)
  const lines = measurement.readings.flatMap((each) =>
    each.flag ? [`${each.part} ${each.flag.word}: ${each.flag.because}`.trim()] : [],
  )
  const rest = [timeText(measurement.when), ...lines].map((text) => {
    const line = document.createElement('span')
    line.textContent = text
    return line
  })
  tip.replaceChildren(value, ...rest)
}

const placeTip = (u: uPlot, tip: HTMLElement, measurement: Measurement): void => {
  const x = u.valToPos(measurement.at, 'x') + u.over.offsetLeft
  const right = x > u.width / 2
  tip.style.transform = right ? `translate(calc(${x - 14}px - 100%), 8px)` : `translate(${x + 14}px, 8px)`
}

const wheelZoom = (u: uPlot, viewport: Viewport): void => {
  u.over.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const around = u.posToVal(event.clientX - u.over.getBoundingClientRect().left, 'x')
      viewport.show(zoomed(viewport.span(), viewport.whole, event.deltaY > 0 ? 1.2 : 1 / 1.2, around))
    },
    { passive: false },
  )
  u.over.addEventListener('dblclick', () => viewport.show(viewport.whole))
}

const follow = (u: uPlot, viewport: Viewport): (() => void) => {
  let frame = 0
  const apply = (): void => {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => {
      const { from, to } = viewport.span()
      u.setScale('x', { min: from, max: to })
    })
  }
  const stop = viewport.subscribe(apply)
  return () => {
    cancelAnimationFrame(frame)
    stop()
  }
}

interface Drawn {
  host: HTMLElement
  tip: HTMLElement
  props: PlotProps
  measurements: readonly Measurement[]
}

const draw = ({ host, tip, props, measurements }: Drawn): (() => void) & { plot: uPlot } => {
  const { trend, viewport, height } = props
  const options = plotOptions(trend, {
    span: viewport.span(),
    width: host.clientWidth,
    height,
    colours: coloursOf(host),
    select: (span) => viewport.show(span),
    cursor: (index) => {
      const measurement = measurements[index ?? -1]
      fillTip(tip, measurement)
      if (measurement) placeTip(plot, tip, measurement)
    },
  })
  const plot = new uPlot(options, columns(trend) as uPlot.AlignedData, host)
  wheelZoom(plot, viewport)
  followFingers(plot.over, viewport)
  const sizes = new ResizeObserver(() => {
    if (host.clientWidth > 0 && host.clientWidth !== plot.width)
      plot.setSize({ width: host.clientWidth, height })
  })
  sizes.observe(host)
  const unfollow = follow(plot, viewport)
  const stop = (): void => {
    unfollow()
    sizes.disconnect()
    plot.destroy()
  }
  return Object.assign(stop, { plot })
}

const step = (key: string, index: number, count: number): number | undefined => {
  if (key === 'ArrowLeft' || key === 'ArrowDown') return Math.max(0, index - 1)
  if (key === 'ArrowRight' || key === 'ArrowUp') return Math.min(count - 1, index + 1)
  if (key === 'PageUp') return Math.max(0, index - 10)
  if (key === 'PageDown') return Math.min(count - 1, index + 10)
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : undefined
}

const zoomKey = (key: string, viewport: Viewport): boolean => {
  if (key === '+' || key === '=') viewport.show(zoomed(viewport.span(), viewport.whole, 0.5))
  else if (key === '-') viewport.show(zoomed(viewport.span(), viewport.whole, 2))
  else if (key === '0') viewport.show(viewport.whole)
  else return false
  return true
}

const bringIntoSight = ({ at }: Measurement, viewport: Viewport): void => {
  const span = viewport.span()
  if (at >= span.from && at <= span.to) return
  viewport.show(moved(span, viewport.whole, (at - (span.from + span.to) / 2) / (span.to - span.from)))
}

const pointAt = (plot: uPlot | undefined, measurement: Measurement): void => {
  if (!plot) return
  const value = measurement.readings[0]?.value ?? 0
  plot.setCursor({ left: plot.valToPos(measurement.at, 'x'), top: plot.valToPos(value, 'y') })
}

/** A trend over time: a pointer or the arrow keys walk its measurements, dragging or `+` and `-` zoom. */
export const Plot = (props: PlotProps) => {
  const { trend, viewport, open, height } = props
  const host = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const theme = useTheme()
  const measurements = useMemo(() => drawable(trend), [trend])
  const [index, setIndex] = useState(measurements.length - 1)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `theme` counts the changes of colours
  useEffect(() => {
    if (!host.current || !tip.current) return undefined
    const drawn = draw({ host: host.current, tip: tip.current, props, measurements })
    plot.current = drawn.plot
    return drawn
  }, [trend, viewport, height, theme])
  const at = Math.min(Math.max(index, 0), measurements.length - 1)
  const press = (event: React.KeyboardEvent): void => {
    const next = step(event.key, at, measurements.length)
    const measurement = measurements[next ?? at]
    if (next !== undefined && measurement) {
      setIndex(next)
      bringIntoSight(measurement, viewport)
      requestAnimationFrame(() => requestAnimationFrame(() => pointAt(plot.current, measurement)))
    } else if (event.key === 'Enter' && measurement) open(measurement)
    else if (!zoomKey(event.key, viewport)) return
    event.preventDefault()
  }
  const current = measurements[at]
  return (
    <div
      className="plot"
      role="slider"
      tabIndex={0}
      aria-label={`${summary(trend)} Arrow keys walk the measurements, plus and minus zoom, Enter opens the resource.`}
      aria-valuemin={1}
      aria-valuemax={measurements.length}
      aria-valuenow={at + 1}
      aria-valuetext={current ? spoken(current) : ''}
      onKeyDown={press}
      style={{ minHeight: height }}
    >
      <div ref={host} className="plot-host" />
      <div ref={tip} className="tip" hidden aria-hidden="true" />
    </div>
  )
}
