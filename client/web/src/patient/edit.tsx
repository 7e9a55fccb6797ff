import type { Patient } from 'fhir/r4.js'
import { useState } from 'react'
import { RequestFailure } from '../fhir/failure.ts'
import { usePage } from '../page.ts'
import { announce } from '../ui/announce.tsx'
import { Dialog } from '../ui/dialog.tsx'
import type { PatientChart } from './chart.ts'
import {
  applyForm,
  type Conflict,
  conflicts,
  type Field,
  fieldNames,
  formOf,
  merged,
  type PatientForm,
} from './merge.ts'

type Client = ReturnType<typeof usePage>['client']

const versionOf = (patient: Patient): string => patient.meta?.versionId ?? ''

const write = (client: Client, patient: Patient): Promise<unknown> =>
  client.update({
    resourceType: 'Patient',
    id: patient.id ?? '',
    body: patient as unknown as Parameters<Client['update']>[0]['body'],
    options: {
      headers: { 'content-type': 'application/fhir+json', 'if-match': `W/"${versionOf(patient)}"` },
    },
  })

const isConflict = (error: unknown): boolean =>
  error instanceof RequestFailure && (error.status === 412 || error.status === 409)

/** Where an edit stands: what it began from, and what somebody else made of it meanwhile. */
interface Edit {
  base: Patient
  form: PatientForm
  open: readonly Conflict[]
  notice: string | undefined
  busy: boolean
}

const afterConflict = (edit: Edit, theirs: Patient): Edit => {
  const [base, now] = [formOf(edit.base), formOf(theirs)]
  const open = conflicts(base, edit.form, now)
  const notice =
    open.length > 0
      ? 'Somebody else changed this patient meanwhile, and some of the same fields. Choose what to keep.'
      : 'Somebody else changed this patient meanwhile, but other fields. Their changes are kept with yours; save again.'
  return { base: theirs, form: merged(base, edit.form, now), open, notice, busy: false }
}

const useEdit = (chart: PatientChart, patient: Patient, done: () => void) => {
  const { client } = usePage()
  const [edit, setEdit] = useState<Edit>({
    base: patient,
    form: formOf(patient),
    open: [],
    notice: undefined,
    busy: false,
  })
  const change = (field: Field, value: string): void =>
    setEdit({ ...edit, form: { ...edit.form, [field]: value } })
  const decide = (field: Field, value: string): void =>
    setEdit({
      ...edit,
      form: { ...edit.form, [field]: value },
      open: edit.open.filter((each) => each.field !== field),
    })
  const failed = async (error: unknown): Promise<void> => {
    if (!isConflict(error))
      return setEdit({ ...edit, busy: false, notice: `Not saved. ${(error as Error).message}` })
    const theirs = (await client.read({ resourceType: 'Patient', id: chart.id })) as unknown as Patient
    setEdit(afterConflict(edit, theirs))
  }
  const save = async (): Promise<void> => {
    setEdit({ ...edit, busy: true, notice: undefined })
    try {
      await write(client, applyForm(edit.base, edit.form))
      chart.patient.reload()
      announce('Patient saved.')
      done()
    } catch (error) {
      await failed(error).catch((again: Error) => setEdit({ ...edit, busy: false, notice: again.message }))
    }
  }
  return { edit, change, decide, save }
}

const shown = (value: string): string => value || '(empty)'

const ConflictRow = ({
  conflict,
  decide,
}: {
  conflict: Conflict
  decide: (field: Field, value: string) => void
}) => (
  <tr>
    <th scope="row">{fieldNames[conflict.field]}</th>
    <td className="muted">{shown(conflict.base)}</td>
    <td>
      <button type="button" className="button small" onClick={() => decide(conflict.field, conflict.theirs)}>
        Keep theirs: {shown(conflict.theirs)}
      </button>
    </td>
    <td>
      <button type="button" className="button small" onClick={() => decide(conflict.field, conflict.mine)}>
        Keep mine: {shown(conflict.mine)}
      </button>
    </td>
  </tr>
)

const Conflicts = ({ edit, decide }: { edit: Edit; decide: (field: Field, value: string) => void }) => (
  <table className="conflicts">
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Before</th>
        <th scope="col">Theirs</th>
        <th scope="col">Mine</th>
      </tr>
    </thead>
    <tbody>
      {edit.open.map((conflict) => (
        <ConflictRow key={conflict.field} conflict={conflict} decide={decide} />
      ))}
    </tbody>
  </table>
)

const Genders = ({ value, change }: { value: string; change: (value: string) => void }) => (
  <select id="edit-gender" value={value} onChange={(event) => change(event.target.value)}>
    <option value="">not recorded</option>
    {['female', 'male', 'other', 'unknown'].map((code) => (
      <option key={code} value={code}>
        {code}
      </option>
    ))}
  </select>
)

const inputTypes: Partial<Record<Field, string>> = { phone: 'tel', email: 'email' }

interface FieldsProps {
  form: PatientForm
  change: (field: Field, value: string) => void
}

const Fields = ({ form, change }: FieldsProps) => (
  <div className="field-grid">
    {(Object.keys(fieldNames) as Field[]).map((field) => (
      <div className="field" key={field}>
        <label htmlFor={`edit-${field}`}>{fieldNames[field]}</label>
        {field === 'gender' ? (
          <Genders value={form.gender} change={(value) => change('gender', value)} />
        ) : (
          <input
            id={`edit-${field}`}
            type={inputTypes[field] ?? 'text'}
            value={form[field]}
            placeholder={field === 'birthDate' ? 'YYYY-MM-DD, or as much as is known' : undefined}
            onChange={(event) => change(field, event.target.value)}
          />
        )}
      </div>
    ))}
  </div>
)

/** Edits a patient; a change by somebody else is shown, and nothing of it is lost. */
export const EditPatient = ({
  chart,
  patient,
  close,
}: {
  chart: PatientChart
  patient: Patient
  close: () => void
}) => {
  const { edit, change, decide, save } = useEdit(chart, patient, close)
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    if (edit.open.length === 0) void save()
  }
  return (
    <Dialog title="Edit patient" close={close}>
      <form className="form" onSubmit={submit} noValidate>
        {edit.notice && (
          <p role="alert" className="notice warn">
            {edit.notice}
          </p>
        )}
        {edit.open.length > 0 && <Conflicts edit={edit} decide={decide} />}
        <Fields form={edit.form} change={change} />
        <div className="form-actions">
          <span className="muted">Editing version {versionOf(edit.base)}</span>
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={edit.busy || edit.open.length > 0}>
            {edit.busy ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
