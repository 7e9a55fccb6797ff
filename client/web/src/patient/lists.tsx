import type { Condition } from 'fhir/r4.js'
import { useState } from 'react'
import {
  encounterText,
  isActiveMedication,
  isActiveProblem,
  medicationText,
  type Prescription,
} from '../../../clinical/records.ts'
import { conceptText } from '../../../clinical/text.ts'
import { ListTable } from '../ui/list-table.tsx'
import type { PatientChart } from './chart.ts'
import {
  documentColumns,
  encounterColumns,
  medicationColumns,
  problemColumns,
  procedureColumns,
  reportColumns,
} from './columns.tsx'

const Choice = ({ active, all, set }: { active: string; all: boolean; set: (all: boolean) => void }) => (
  <fieldset className="segments">
    <legend className="visually-hidden">Which to show</legend>
    <button type="button" aria-pressed={!all} onClick={() => set(false)}>
      {active}
    </button>
    <button type="button" aria-pressed={all} onClick={() => set(true)}>
      All
    </button>
  </fieldset>
)

/** Problems, those of now first. */
export const Problems = ({ chart }: { chart: PatientChart }) => {
  const [all, setAll] = useState(false)
  return (
    <div className="card">
      <Choice active="Active" all={all} set={setAll} />
      <ListTable<Condition>
        label="Problems"
        what="problems"
        type="Condition"
        collection={chart.conditions}
        columns={problemColumns}
        name={(each) => conceptText(each.code)}
        empty={all ? 'No problems recorded.' : 'No active problems recorded.'}
        {...(all ? {} : { only: isActiveProblem })}
      />
    </div>
  )
}

/** Prescriptions, those in force first. */
export const Medications = ({ chart }: { chart: PatientChart }) => {
  const [all, setAll] = useState(false)
  return (
    <div className="card">
      <Choice active="Active" all={all} set={setAll} />
      <ListTable<Prescription>
        label="Medications"
        what="medications"
        type="MedicationRequest"
        collection={chart.medications}
        columns={medicationColumns}
        name={medicationText}
        empty={all ? 'No medications recorded.' : 'No active medications recorded.'}
        {...(all ? {} : { only: isActiveMedication })}
      />
    </div>
  )
}

/** Encounters, newest first. */
export const Encounters = ({ chart }: { chart: PatientChart }) => (
  <div className="card">
    <ListTable
      label="Encounters"
      what="encounters"
      type="Encounter"
      collection={chart.encounters}
      columns={encounterColumns}
      name={encounterText}
      empty="No encounters recorded."
    />
  </div>
)

/** Documents, diagnostic reports and procedures, newest first. */
export const Documents = ({ chart }: { chart: PatientChart }) => (
  <>
    <section className="card" aria-labelledby="documents">
      <h3 id="documents">Documents</h3>
      <ListTable
        label="Documents"
        what="documents"
        type="DocumentReference"
        collection={chart.documents}
        columns={documentColumns}
        name={(each) => each.description ?? conceptText(each.type)}
        empty="No documents recorded."
      />
    </section>
    <section className="card" aria-labelledby="reports">
      <h3 id="reports">Diagnostic reports</h3>
      <ListTable
        label="Diagnostic reports"
        what="reports"
        type="DiagnosticReport"
        collection={chart.reports}
        columns={reportColumns}
        name={(each) => conceptText(each.code)}
        empty="No diagnostic reports recorded."
      />
    </section>
    <section className="card" aria-labelledby="procedures">
      <h3 id="procedures">Procedures</h3>
      <ListTable
        label="Procedures"
        what="procedures"
        type="Procedure"
        collection={chart.procedures}
        columns={procedureColumns}
        name={(each) => conceptText(each.code)}
        empty="No procedures recorded."
      />
    </section>
  </>
)
