import { useMemo, useState } from 'react'
import {
  type Axis,
  type Dose,
  lastGiven,
  placeOn,
  type Vaccine,
  vaccines,
  yearAxis,
} from '../../../clinical/immunizations.ts'
import { dayText } from '../../../clinical/time.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { usePage } from '../page.ts'
import { RawButton } from '../ui/raw-button.tsx'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { When } from '../ui/when.tsx'
import type { PatientChart } from './chart.ts'

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const DoseMark = ({ dose, vaccine, axis }: { dose: Dose; vaccine: Vaccine; axis: Axis }) => {
  const { showRaw } = usePage()
  const label = `${vaccine.title}, ${dayText(dose.when)}. ${dose.note}`
  return (
    <button
      type="button"
      className={dose.given ? 'dose' : 'dose not-given'}
      style={{ left: `${placeOn(axis, dose.at) * 100}%` }}
      aria-label={label}
      title={label}
      onClick={() => showRaw('Immunization', dose.id)}
    >
      {dose.given ? '' : '✕'}
    </button>
  )
}

const VaccineRow = ({ vaccine, axis }: { vaccine: Vaccine; axis: Axis }) => {
  const given = vaccine.doses.filter((dose) => dose.given).length
  const timed = vaccine.doses.filter((dose) => !Number.isNaN(dose.at))
  return (
    <li className="vaccine">
      <div className="vaccine-name">
        {vaccine.title}
        <span className="muted">
          {given > 0 ? `${counted(given, 'dose')}, last ${dayText(lastGiven(vaccine))}` : 'not given'}
        </span>
      </div>
      <div className="track">
        {axis.ticks.map(({ label, place }) => (
          <span key={label} className="tick-line" style={{ left: `${place * 100}%` }} aria-hidden="true" />
        ))}
        {timed.map((dose) => (
          <DoseMark key={dose.id} dose={dose} vaccine={vaccine} axis={axis} />
        ))}
      </div>
    </li>
  )
}

const DoseChart = ({ all }: { all: readonly Vaccine[] }) => {
  const axis = useMemo(
    () =>
      yearAxis(
        all.flatMap((vaccine) => vaccine.doses.map((dose) => dose.at)),
        8,
      ),
    [all],
  )
  return (
    <div className="card dose-chart">
      <div className="vaccine axis" aria-hidden="true">
        <span className="vaccine-name" />
        <div className="track">
          {axis.ticks.map(({ label, place }) => (
            <span key={label} className="tick" style={{ left: `${place * 100}%` }}>
              {label}
            </span>
          ))}
        </div>
      </div>
      <ul aria-label="Doses by vaccine">
        {all.map((vaccine) => (
          <VaccineRow key={vaccine.key} vaccine={vaccine} axis={axis} />
        ))}
      </ul>
      <p className="legend">
        <span className="key dose-key">given</span>
        <span className="key">✕ not given</span>
        <span className="muted">A dose opens its resource.</span>
      </p>
    </div>
  )
}

const DoseTable = ({ all }: { all: readonly Vaccine[] }) => {
  const doses = all.flatMap((vaccine) => vaccine.doses.map((dose) => ({ vaccine, dose })))
  const newest = doses.sort((a, b) => (b.dose.at || 0) - (a.dose.at || 0))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll a wide table
    <section className="table-scroll card" tabIndex={0} aria-label="All doses">
      <table>
        <thead>
          <tr>
            <th scope="col">Date</th>
            <th scope="col">Vaccine</th>
            <th scope="col">Status</th>
            <th scope="col">
              <span className="visually-hidden">Raw</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {newest.map(({ vaccine, dose }) => (
            <tr key={dose.id}>
              <td>
                <When at={dose.when} />
              </td>
              <td>{vaccine.title}</td>
              <td>{dose.note}</td>
              <td className="row-actions">
                <RawButton type="Immunization" id={dose.id} what={`${vaccine.title} ${dose.when}`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Immunizations as a chart by vaccine and date, or as a table. */
export const Immunizations = ({ chart }: { chart: PatientChart }) => {
  const { state, items, error } = useCollection(chart.immunizations)
  const [table, setTable] = useState(false)
  const all = useMemo(() => vaccines(items), [items])
  if (state === 'ready' && all.length === 0) return <Empty>No immunizations recorded.</Empty>
  return (
    <div>
      {state === 'failed' && <Failed what="immunizations" error={error} retry={chart.immunizations.more} />}
      {state !== 'failed' && all.length === 0 && <Loading what="immunizations" />}
      {all.length > 0 && (
        <div className="section-bar">
          <span className="muted" role="status">
            {state === 'loading'
              ? 'Loading more…'
              : `${counted(items.length, 'immunization')}, ${counted(all.length, 'vaccine')}`}
          </span>
          <button type="button" className="button small" onClick={() => setTable(!table)}>
            {table ? 'Chart' : 'Table'}
          </button>
        </div>
      )}
      {all.length > 0 && (table ? <DoseTable all={all} /> : <DoseChart all={all} />)}
    </div>
  )
}
