import type { AllergyIntolerance, Patient } from 'fhir/r4.js'
import { useEffect, useRef } from 'react'
import { isActiveAllergy } from '../../../clinical/records.ts'
import { localReference } from '../../../clinical/references.ts'
import { conceptText, identifiers, patientName, sexText } from '../../../clinical/text.ts'
import { ageText, dayText, instant } from '../../../clinical/time.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { mayWrite, usePage } from '../page.ts'
import { patientHash } from '../route.ts'
import { Icon } from '../ui/icon.tsx'
import { RawButton } from '../ui/raw-button.tsx'
import type { PatientChart } from './chart.ts'

const isDead = (patient: Patient): boolean =>
  patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined

const Death = ({ patient }: { patient: Patient }) => (
  <span className="deceased">
    † Died{patient.deceasedDateTime ? ` ${dayText(patient.deceasedDateTime)}` : ', date not recorded'}
  </span>
)

/** The record that is to be used in place of this one. */
const replacementOf = ({ link }: Patient, base: string): string | undefined => {
  const other = localReference(link?.find(({ type }) => type === 'replaced-by')?.other, base)
  return other?.type === 'Patient' ? other.id : undefined
}

const Disused = ({ patient }: { patient: Patient }) => {
  const { client } = usePage()
  const id = replacementOf(patient, client.baseUrl)
  const replaced = patient.link?.some(({ type }) => type === 'replaced-by') ?? false
  if (patient.active !== false && !replaced) return null
  return (
    <span className="deceased">
      Record not in use
      {replaced && !id && ': replaced by another that is not on this server'}
      {id && (
        <>
          : <a href={patientHash(id)}>replaced by another</a>
        </>
      )}
    </span>
  )
}

const ageOf = (patient: Patient): string => {
  if (isDead(patient) && !patient.deceasedDateTime) return ''
  const age = ageText(patient.birthDate, instant(patient.deceasedDateTime) || Date.now())
  return isDead(patient) ? `aged ${age}` : age
}

const Identifiers = ({ patient }: { patient: Patient }) => {
  const all = identifiers(patient)
  const [first, ...rest] = all
  if (!first) return <span className="muted">No identifier recorded</span>
  return (
    <details className="identifiers">
      <summary>
        {first.label} <span className="identifier">{first.value}</span>
        {rest.length > 0 && <span className="muted"> +{rest.length}</span>}
      </summary>
      <dl>
        {all.map(({ label, value }) => (
          <div key={`${label} ${value}`}>
            <dt>{label}</dt>
            <dd className="identifier">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

const severity = (allergy: AllergyIntolerance): string => {
  const reaction = allergy.reaction?.flatMap((each) => each.manifestation.map(conceptText)).join(', ')
  const high = allergy.criticality === 'high' ? 'high criticality' : ''
  return [high, reaction].filter(Boolean).join(': ')
}

const AllergyList = ({ allergies }: { allergies: readonly AllergyIntolerance[] }) => (
  <ul className="allergies">
    {allergies.map((allergy) => (
      <li
        key={allergy.id}
        className={allergy.criticality === 'high' ? 'chip alert' : 'chip'}
        title={severity(allergy)}
      >
        {allergy.criticality === 'high' && <span aria-hidden="true">▲ </span>}
        {conceptText(allergy.code) || 'Allergy not coded'}
        <span className="visually-hidden"> {severity(allergy)}</span>
      </li>
    ))}
  </ul>
)

const Allergies = ({ chart }: { chart: PatientChart }) => {
  const { state, items, error } = useCollection(chart.allergies)
  const active = items.filter(isActiveAllergy)
  return (
    <div className="allergy-line">
      <strong>Allergies</strong>
      {state === 'failed' && (
        <span role="alert" className="chip alert">
          ▲ Not loaded: {error instanceof Error ? error.message : ''}
          <button type="button" className="button small" onClick={chart.allergies.more}>
            Try again
          </button>
        </span>
      )}
      {(state === 'idle' || (state === 'loading' && items.length === 0)) && (
        <span role="status" className="muted">
          Loading allergies…
        </span>
      )}
      {state === 'ready' && active.length === 0 && (
        <span>{items.length > 0 ? 'No active allergies recorded' : 'None recorded'}</span>
      )}
      {active.length > 0 && <AllergyList allergies={active} />}
    </div>
  )
}

/** What sticks below the banner must know how tall it is: a long name takes a second line. */
const useHeight = (header: React.RefObject<HTMLElement | null>): void => {
  useEffect(() => {
    const measure = new ResizeObserver(([entry]) => {
      const height = entry?.borderBoxSize[0]?.blockSize ?? 0
      document.documentElement.style.setProperty('--banner', `${height}px`)
    })
    if (header.current) measure.observe(header.current)
    return () => measure.disconnect()
  }, [header])
}

interface BannerProps {
  chart: PatientChart
  patient: Patient
  edit: () => void
  enter: () => void
}

/** Who the patient is, always in sight: name, age, sex, identifiers, allergies. */
export const Banner = ({ chart, patient, edit, enter }: BannerProps) => {
  const { user } = usePage()
  const header = useRef<HTMLElement>(null)
  useHeight(header)
  return (
    <header className="banner" ref={header}>
      <div className="banner-line">
        <div className="banner-who">
          <h1>{patientName(patient)}</h1>
          <div className="facts">
            <span>{sexText(patient)}</span>
            <span>{ageOf(patient)}</span>
            <span>Born {dayText(patient.birthDate) || 'not recorded'}</span>
            {isDead(patient) && <Death patient={patient} />}
            <Disused patient={patient} />
            <Identifiers patient={patient} />
          </div>
        </div>
        <div className="banner-actions">
          {mayWrite(user) && (
            <>
              <button type="button" className="button primary" onClick={enter}>
                <Icon name="plus" size={16} /> Observation
              </button>
              <button type="button" className="button" onClick={edit}>
                <Icon name="edit" size={16} /> Edit
              </button>
            </>
          )}
          <RawButton type="Patient" id={patient.id} what={patientName(patient)} />
        </div>
      </div>
      <Allergies chart={chart} />
    </header>
  )
}
