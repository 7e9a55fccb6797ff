import type { FhirResource, Patient } from 'fhir/r4.js'
import { useMemo } from 'react'
import { lastGiven, vaccines } from '../../../clinical/immunizations.ts'
import { labPanels } from '../../../clinical/labs.ts'
import {
  dosageText,
  encounterReason,
  encounterText,
  isActiveMedication,
  isActiveProblem,
  medicationStatus,
  medicationText,
  onset,
} from '../../../clinical/records.ts'
import { conceptText } from '../../../clinical/text.ts'
import type { Collection, Snapshot } from '../fhir/collection.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { usePage } from '../page.ts'
import { patientHash, type Section } from '../route.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { When } from '../ui/when.tsx'
import type { PatientChart } from './chart.ts'
import { VitalTiles } from './vital-tiles.tsx'

/** One line of a card. */
interface Line {
  key: string
  main: string
  rest?: string
  when: string | undefined
}

const atMost = 6

const Lines = ({ lines }: { lines: readonly Line[] }) => (
  <ul className="lines">
    {lines.slice(0, atMost).map(({ key, main, rest, when }) => (
      <li key={key}>
        <span className="line-main">
          {main}
          {rest && <span className="muted"> {rest}</span>}
        </span>
        <span className="line-when">
          <When at={when} day />
        </span>
      </li>
    ))}
  </ul>
)

interface GlanceProps {
  title: string
  section: Section
  chart: PatientChart
  snapshot: Snapshot<unknown>
  retry: () => void
  lines: readonly Line[]
  none: string
}

const Glance = ({ title, section, chart, snapshot, retry, lines, none }: GlanceProps) => {
  const settled = snapshot.state === 'ready'
  const rest = lines.length - atMost
  return (
    <section className="card glance" aria-label={title}>
      <header className="glance-head">
        <h2>{title}</h2>
        <a href={patientHash(chart.id, section)}>
          {rest > 0 ? `${rest} more` : 'Open'}
          <span className="visually-hidden">: {title}</span>
        </a>
      </header>
      {snapshot.state === 'failed' && (
        <Failed what={title.toLowerCase()} error={snapshot.error} retry={retry} />
      )}
      {!settled && snapshot.state !== 'failed' && lines.length === 0 && (
        <Loading what={title.toLowerCase()} lines={3} />
      )}
      {settled && lines.length === 0 && <p className="muted">{none}</p>}
      <Lines lines={lines} />
    </section>
  )
}

const useLines = <T extends FhirResource>(collection: Collection<T>, line: (item: T) => Line | undefined) => {
  const snapshot = useCollection(collection)
  const lines = snapshot.items.flatMap((item) => line(item) ?? [])
  return { snapshot, lines, retry: collection.more }
}

const ProblemGlance = ({ chart }: { chart: PatientChart }) => {
  const found = useLines(chart.conditions, (each) =>
    isActiveProblem(each)
      ? { key: each.id ?? '', main: conceptText(each.code) || 'Not coded', when: onset(each) }
      : undefined,
  )
  return (
    <Glance
      title="Active problems"
      section="problems"
      chart={chart}
      none="No active problems recorded."
      {...found}
    />
  )
}

const MedicationGlance = ({ chart }: { chart: PatientChart }) => {
  const found = useLines(chart.medications, (each) =>
    isActiveMedication(each)
      ? {
          key: each.id ?? '',
          main: medicationText(each),
          rest: [each.status === 'active' ? '' : medicationStatus(each), dosageText(each)]
            .filter(Boolean)
            .join(', '),
          when: each.authoredOn,
        }
      : undefined,
  )
  const none = 'No active medications recorded.'
  return <Glance title="Active medications" section="medications" chart={chart} none={none} {...found} />
}

const EncounterGlance = ({ chart }: { chart: PatientChart }) => {
  const found = useLines(chart.encounters, (each) =>
    each.status === 'entered-in-error'
      ? undefined
      : {
          key: each.id ?? '',
          main: encounterText(each),
          rest: [each.status === 'finished' ? '' : each.status, encounterReason(each)]
            .filter(Boolean)
            .join(', '),
          when: each.period?.start,
        },
  )
  return (
    <Glance title="Encounters" section="encounters" chart={chart} none="No encounters recorded." {...found} />
  )
}

const ImmunizationGlance = ({ chart }: { chart: PatientChart }) => {
  const snapshot = useCollection(chart.immunizations)
  const lines = useMemo(
    () =>
      vaccines(snapshot.items).map((each) => ({
        key: each.key,
        main: each.title,
        when: lastGiven(each) ?? each.doses.at(-1)?.when,
        ...(lastGiven(each) === undefined && { rest: 'not given' }),
      })),
    [snapshot.items],
  )
  return (
    <Glance
      title="Immunizations"
      section="immunizations"
      chart={chart}
      snapshot={snapshot}
      retry={chart.immunizations.more}
      lines={lines}
      none="No immunizations recorded."
    />
  )
}

const LabGlance = ({ chart }: { chart: PatientChart }) => {
  const base = usePage().client.baseUrl
  const labs = useCollection(chart.labs)
  const reports = useCollection(chart.reports)
  const lines = useMemo(
    () =>
      labPanels(labs.items, reports.items, base).map((panel) => {
        const out = panel.trends.filter((trend) => trend.measurements.at(-1)?.flag).length
        return {
          key: panel.key,
          main: panel.title,
          when: panel.latest,
          ...(out > 0 ? { rest: `▲ ${out} flagged` } : {}),
        }
      }),
    [labs.items, reports.items, base],
  )
  const snapshot = labs.state === 'failed' ? labs : reports.state === 'failed' ? reports : labs
  const shown = snapshot.state === 'ready' && reports.state === 'loading' ? reports : snapshot
  const retry = labs.state === 'failed' ? chart.labs.more : chart.reports.more
  return (
    <Glance
      title="Laboratory"
      section="labs"
      chart={chart}
      snapshot={shown}
      retry={retry}
      lines={shown.state === 'ready' ? lines : []}
      none="No laboratory results recorded."
    />
  )
}

interface OverviewProps {
  chart: PatientChart
  patient: Patient
  openVital(key: string): void
}

/** Everything that matters on one screen: vital signs first, then what else is known. */
export const Overview = ({ chart, patient, openVital }: OverviewProps) => (
  <>
    <VitalTiles chart={chart} patient={patient} open={openVital} />
    <div className="glances">
      <ProblemGlance chart={chart} />
      <MedicationGlance chart={chart} />
      <LabGlance chart={chart} />
      <ImmunizationGlance chart={chart} />
      <EncounterGlance chart={chart} />
    </div>
  </>
)
