import type { Patient } from 'fhir/r4.js'
import { useEffect, useMemo, useRef, useState } from 'react'
import { patientName } from '../../../clinical/text.ts'
import { prefetchPlot } from '../chart/lazy-plot.tsx'
import { useCollection } from '../fhir/use-collection.ts'
import { usePage } from '../page.ts'
import { patientHash, type Section, sections } from '../route.ts'
import { remember } from '../search/recent.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { Banner } from './banner.tsx'
import { openChart, type PatientChart } from './chart.ts'
import { EditPatient } from './edit.tsx'
import { Immunizations } from './immunizations.tsx'
import { Labs } from './labs.tsx'
import { Documents, Encounters, Medications, Problems } from './lists.tsx'
import { ObservationForm } from './observation-form.tsx'
import { Overview } from './overview.tsx'
import { Vitals } from './vitals.tsx'

const titles: Record<Section, string> = {
  overview: 'Overview',
  vitals: 'Vital signs',
  labs: 'Laboratory',
  immunizations: 'Immunizations',
  problems: 'Problems',
  medications: 'Medications',
  encounters: 'Encounters',
  documents: 'Documents',
}

/** On a phone the sections are a row that scrolls: where one is must be in sight. */
const useInSight = (current: Section): React.RefObject<HTMLElement | null> => {
  const nav = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another section is another place
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>('[aria-current]')
    if (link) nav.current?.scrollTo({ left: link.offsetLeft - 16 })
  }, [current])
  return nav
}

const SectionNav = ({ id, current }: { id: string; current: Section }) => (
  <nav className="section-nav" aria-label="Patient" ref={useInSight(current)}>
    <ul>
      {sections.map((section, index) => (
        <li key={section}>
          <a href={patientHash(id, section)} aria-current={section === current ? 'page' : undefined}>
            {titles[section]}{' '}
            <span className="kbd" aria-hidden="true">
              {index + 1}
            </span>
          </a>
        </li>
      ))}
    </ul>
  </nav>
)

interface BodyProps {
  chart: PatientChart
  patient: Patient
  section: Section
}

const Body = ({ chart, patient, section }: BodyProps) => {
  const [focus, setFocus] = useState<string>()
  useEffect(() => {
    if (section !== 'vitals') setFocus(undefined)
  }, [section])
  const parts: Record<Section, () => React.ReactNode> = {
    overview: () => <Overview chart={chart} patient={patient} openVital={setFocus} />,
    vitals: () => <Vitals chart={chart} patient={patient} focus={focus} />,
    labs: () => <Labs chart={chart} />,
    immunizations: () => <Immunizations chart={chart} />,
    problems: () => <Problems chart={chart} />,
    medications: () => <Medications chart={chart} />,
    encounters: () => <Encounters chart={chart} />,
    documents: () => <Documents chart={chart} />,
  }
  return (
    <div className="section">
      {section !== 'overview' && <h2 className="section-title">{titles[section]}</h2>}
      {parts[section]()}
    </div>
  )
}

const useChart = (id: string): PatientChart => {
  const { client } = usePage()
  const chart = useMemo(() => openChart(client, id), [client, id])
  useEffect(() => () => chart.close(), [chart])
  return chart
}

const useVisit = (chart: PatientChart, patient: Patient | undefined): void => {
  const { user } = usePage()
  useEffect(() => {
    chart.vitals.start()
    chart.allergies.start()
    prefetchPlot()
  }, [chart])
  useEffect(() => {
    document.title = patient ? `${patientName(patient)} · Pilotlight` : 'Pilotlight'
    if (patient?.id) remember(user.id, patient.id)
  }, [patient, user.id])
}

/** One patient's page. It is made anew for each patient, so that nothing of the one before can stay. */
export const PatientPage = ({ id, section }: { id: string; section: Section }) => {
  const chart = useChart(id)
  const { items, state, error } = useCollection(chart.patient)
  const [dialog, setDialog] = useState<'edit' | 'enter'>()
  const patient = items[0]
  useVisit(chart, patient)
  const close = (): void => setDialog(undefined)
  if (state === 'failed' && !patient)
    return <Failed what="this patient" error={error} retry={chart.patient.more} />
  if (!patient) return <Loading what="the patient" lines={8} />
  return (
    <div className="patient" data-patient={id}>
      <Banner
        chart={chart}
        patient={patient}
        edit={() => setDialog('edit')}
        enter={() => setDialog('enter')}
      />
      <div className="patient-body">
        <SectionNav id={id} current={section} />
        <Body chart={chart} patient={patient} section={section} />
      </div>
      {dialog === 'edit' && <EditPatient chart={chart} patient={patient} close={close} />}
      {dialog === 'enter' && <ObservationForm chart={chart} close={close} />}
    </div>
  )
}
