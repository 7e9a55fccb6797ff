import { dayText, offsetText, readerZone } from '../../../clinical/time.ts'
import { moved, type Span, zoomed } from '../chart/data.ts'
import { useSpan, type Viewport } from '../chart/viewport.ts'

const year = 31_557_600_000

const lengths: readonly (readonly [label: string, length: number])[] = [
  ['10 y', 10 * year],
  ['5 y', 5 * year],
  ['1 y', year],
  ['3 mo', year / 4],
  ['1 mo', year / 12],
  ['1 wk', year / 52],
]

const newest = (whole: Span, length: number): Span => ({
  from: Math.max(whole.from, whole.to - length),
  to: whole.to,
})

const same = (a: Span, b: Span): boolean => Math.abs(a.from - b.from) < 1000 && Math.abs(a.to - b.to) < 1000

const spanText = ({ from, to }: Span): string =>
  `${dayText(new Date(from).toISOString())} – ${dayText(new Date(to).toISOString())}`

const Choices = ({ viewport, span }: { viewport: Viewport; span: Span }) => {
  const { whole } = viewport
  const fitting = lengths.filter(([, length]) => length < whole.to - whole.from)
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Time shown</legend>
      <button type="button" aria-pressed={same(span, whole)} onClick={() => viewport.show(whole)}>
        All
      </button>
      {fitting.map(([label, length]) => (
        <button
          key={label}
          type="button"
          aria-pressed={same(span, newest(whole, length))}
          onClick={() => viewport.show(newest(whole, length))}
        >
          {label}
        </button>
      ))}
    </fieldset>
  )
}

const Steps = ({ viewport, span }: { viewport: Viewport; span: Span }) => {
  const { whole } = viewport
  const steps: readonly (readonly [sign: string, label: string, next: Span])[] = [
    ['‹', 'Earlier', moved(span, whole, -0.5)],
    ['−', 'Zoom out', zoomed(span, whole, 2)],
    ['+', 'Zoom in', zoomed(span, whole, 0.5)],
    ['›', 'Later', moved(span, whole, 0.5)],
  ]
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Move and zoom</legend>
      {steps.map(([sign, label, next]) => (
        <button
          key={label}
          type="button"
          aria-label={label}
          title={label}
          disabled={same(next, span)}
          onClick={() => viewport.show(next)}
        >
          {sign}
        </button>
      ))}
    </fieldset>
  )
}

/** Chooses the stretch of time that all charts show. */
export const SpanBar = ({ viewport }: { viewport: Viewport }) => {
  const span = useSpan(viewport)
  return (
    <div className="span-bar">
      <Choices viewport={viewport} span={span} />
      <Steps viewport={viewport} span={span} />
      <span className="muted">{spanText(span)}</span>
      <span className="muted zone">
        Times in {readerZone()} (now {offsetText(Date.now())}) · drag or pinch to zoom
      </span>
    </div>
  )
}
