import { useMemo, useState } from 'react'
import { labPanels, type Panel } from '../../../clinical/labs.ts'
import { measurementText, type Trend } from '../../../clinical/trend.ts'
import { spanOf } from '../chart/data.ts'
import { Sparkline } from '../chart/sparkline.tsx'
import { createViewport } from '../chart/viewport.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { usePage } from '../page.ts'
import { FlagMark } from '../ui/flag.tsx'
import { Icon } from '../ui/icon.tsx'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { When } from '../ui/when.tsx'
import type { PatientChart } from './chart.ts'
import { TrendFigure } from './trend-figure.tsx'

const Course = ({ trend }: { trend: Trend }) => {
  const viewport = useMemo(() => createViewport(spanOf([trend])), [trend])
  return <TrendFigure trend={trend} viewport={viewport} height={160} />
}

const ResultRow = ({ trend }: { trend: Trend }) => {
  const [open, setOpen] = useState(false)
  const last = trend.measurements.at(-1)
  if (!last) return null
  return (
    <>
      <tr className={open ? 'open' : ''}>
        <th scope="row">
          <button type="button" className="expander" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name="chevron" size={14} />
            {trend.title}
          </button>
        </th>
        <td className="number">
          <strong>{measurementText(last)}</strong>{' '}
          {last.status !== 'final' && <span className="muted">{last.status} </span>}
          {last.flag && <FlagMark flag={last.flag} />}
        </td>
        <td className="muted">{last.readings[0]?.range?.text ?? '–'}</td>
        <td>
          <Sparkline trend={trend} />
        </td>
        <td>
          <When at={last.when} day />
        </td>
        <td className="number muted">{trend.measurements.length}</td>
      </tr>
      {open && (
        <tr className="course">
          <td colSpan={6}>
            <Course trend={trend} />
          </td>
        </tr>
      )}
    </>
  )
}

const heads = ['Test', 'Latest', 'Range', 'Course', 'Taken', 'Results']

const PanelCard = ({ panel }: { panel: Panel }) => (
  <section className="card panel" aria-label={panel.title}>
    <header className="trend-head">
      <h3>{panel.title}</h3>
      <p className="muted">
        {panel.times === 1 ? 'Taken once' : `Taken ${panel.times} times`}, last <When at={panel.latest} />
      </p>
    </header>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll a wide table */}
    <section className="table-scroll" tabIndex={0} aria-label={`${panel.title}, results`}>
      <table className="results-table">
        <colgroup>
          {heads.map((head) => (
            <col key={head} className={`col-${head.toLowerCase()}`} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" className={head === 'Latest' || head === 'Results' ? 'number' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {panel.trends.map((trend) => (
            <ResultRow key={trend.key} trend={trend} />
          ))}
        </tbody>
      </table>
    </section>
  </section>
)

const panelsAtOnce = 8

/** Laboratory results by panel, each with its course. */
export const Labs = ({ chart }: { chart: PatientChart }) => {
  const base = usePage().client.baseUrl
  const labs = useCollection(chart.labs)
  const reports = useCollection(chart.reports)
  const [limit, setLimit] = useState(panelsAtOnce)
  const panels = useMemo(() => labPanels(labs.items, reports.items, base), [labs.items, reports.items, base])
  const ready = labs.state === 'ready' && reports.state !== 'loading' && reports.state !== 'idle'
  if (ready && panels.length === 0) return <Empty>No laboratory results recorded.</Empty>
  return (
    <div className="labs">
      {labs.state === 'failed' && (
        <Failed what="laboratory results" error={labs.error} retry={chart.labs.more} />
      )}
      {reports.state === 'failed' && (
        <Failed what="panels of the results" error={reports.error} retry={chart.reports.more} />
      )}
      {!ready && labs.state !== 'failed' && <Loading what="laboratory results" lines={8} />}
      {ready && panels.slice(0, limit).map((panel) => <PanelCard key={panel.key} panel={panel} />)}
      {ready && limit < panels.length && (
        <button type="button" className="button" onClick={() => setLimit(limit + panelsAtOnce)}>
          Show {panels.length - limit} more panels
        </button>
      )}
    </div>
  )
}
