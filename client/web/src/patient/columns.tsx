import type { Condition, DiagnosticReport, DocumentReference, Encounter, Procedure } from 'fhir/r4.js'
import {
  abatement,
  dosageText,
  encounterClass,
  encounterReason,
  encounterText,
  isActiveMedication,
  isActiveProblem,
  medicationStatus,
  medicationText,
  onset,
  type Prescription,
  performed,
  problemStatus,
} from '../../../clinical/records.ts'
import { conceptText, referenceText } from '../../../clinical/text.ts'
import { dayText } from '../../../clinical/time.ts'
import { taken } from '../../../clinical/trend.ts'
import type { Column } from '../ui/list-table.tsx'
import { When } from '../ui/when.tsx'

const Status = ({ text, on }: { text: string; on: boolean }) => (
  <span className={on ? 'status on' : 'status'}>
    <span aria-hidden="true">{on ? '●' : '○'}</span> {text}
  </span>
)

export const problemColumns: readonly Column<Condition>[] = [
  { head: 'Problem', cell: (each) => <strong>{conceptText(each.code) || 'Not coded'}</strong> },
  { head: 'Status', cell: (each) => <Status text={problemStatus(each)} on={isActiveProblem(each)} /> },
  { head: 'Onset', cell: (each) => <When at={onset(each)} day /> },
  { head: 'Ended', cell: (each) => (abatement(each) ? <When at={abatement(each)} day /> : '–') },
]

export const medicationColumns: readonly Column<Prescription>[] = [
  { head: 'Medication', cell: (each) => <strong>{medicationText(each)}</strong> },
  { head: 'Status', cell: (each) => <Status text={medicationStatus(each)} on={isActiveMedication(each)} /> },
  { head: 'Dosage', cell: (each) => dosageText(each) || <span className="muted">not recorded</span> },
  { head: 'Ordered', cell: (each) => <When at={each.authoredOn} day /> },
]

export const encounterColumns: readonly Column<Encounter>[] = [
  { head: 'Encounter', cell: (each) => <strong>{encounterText(each)}</strong> },
  { head: 'Class', cell: encounterClass },
  { head: 'Reason', cell: (each) => encounterReason(each) || '–' },
  { head: 'Status', cell: (each) => <Status text={each.status} on={each.status === 'in-progress'} /> },
  { head: 'Began', cell: (each) => <When at={each.period?.start} /> },
  { head: 'Ended', cell: (each) => (each.period?.end ? <When at={each.period.end} /> : '–') },
]

/** When a report was issued is not when its results were taken, and is said to be that. */
const reportTime = (report: DiagnosticReport): string | undefined =>
  taken(report) || (report.issued && `issued ${dayText(report.issued)}`)

export const reportColumns: readonly Column<DiagnosticReport>[] = [
  { head: 'Report', cell: (each) => <strong>{conceptText(each.code) || 'Not coded'}</strong> },
  { head: 'Status', cell: (each) => <Status text={each.status} on={each.status === 'final'} /> },
  { head: 'Category', cell: (each) => each.category?.map(conceptText).join(', ') },
  { head: 'Results', cell: (each) => each.result?.length ?? 0 },
  { head: 'Conclusion', cell: (each) => each.conclusion ?? '–' },
  {
    head: 'Time',
    cell: (each) => <When at={reportTime(each)} />,
  },
]

export const documentColumns: readonly Column<DocumentReference>[] = [
  {
    head: 'Document',
    cell: (each) => <strong>{each.description ?? (conceptText(each.type) || 'Untitled')}</strong>,
  },
  { head: 'Status', cell: (each) => <Status text={each.status} on={each.status === 'current'} /> },
  { head: 'Author', cell: (each) => each.author?.map(referenceText).join(', ') ?? '–' },
  { head: 'Format', cell: (each) => each.content.map((one) => one.attachment.contentType).join(', ') },
  { head: 'Date', cell: (each) => <When at={each.date} /> },
]

export const procedureColumns: readonly Column<Procedure>[] = [
  { head: 'Procedure', cell: (each) => <strong>{conceptText(each.code) || 'Not coded'}</strong> },
  { head: 'Status', cell: (each) => each.status },
  { head: 'Performed', cell: (each) => <When at={performed(each)} day /> },
]
