import { lazy, Suspense } from 'react'
import type { Measurement, Trend } from '../../../clinical/trend.ts'
import type { Viewport } from './viewport.ts'

const load = () => import('./plot.tsx')
const Drawn = lazy(() => load().then(({ Plot }) => ({ default: Plot })))

/** Fetches the drawing code while the data is still under way. */
export const prefetchPlot = (): void => {
  void load()
}

interface LazyPlotProps {
  trend: Trend
  viewport: Viewport
  height?: number
  open(measurement: Measurement): void
}

/** A trend over time, whose drawing code comes only when a chart is shown. */
export const LazyPlot = ({ height = 190, ...props }: LazyPlotProps) => (
  <Suspense fallback={<div className="plot skeleton" style={{ height }} />}>
    <Drawn height={height} {...props} />
  </Suspense>
)
