import type { Observation } from 'fhir/r4.js'
import { useId, useMemo, useState } from 'react'
import { offsetText, readerZone } from '../../../clinical/time.ts'
import { usePage } from '../page.ts'
import { announce } from '../ui/announce.tsx'
import { Dialog } from '../ui/dialog.tsx'
import type { PatientChart } from './chart.ts'
import { type Entered, type EntryKind, entryKinds, observationOf, problems } from './entry.ts'

const localInput = (date: Date): string => {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

interface FieldProps {
  label: string
  value: string
  problem: string | undefined
  change: (value: string) => void
  first?: boolean
}

const NumberField = ({ label, value, problem, change, first = false }: FieldProps) => {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        data-first={first ? '' : undefined}
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={(event) => change(event.target.value)}
      />
      <span id={`${id}-problem`} className="problem">
        {problem}
      </span>
    </div>
  )
}

const partNames = (kind: EntryKind): readonly string[] =>
  kind.parts?.map(([, title]) => title) ?? [kind.title]

const useEntry = () => {
  const [kind, setKind] = useState(entryKinds[0] as EntryKind)
  const [values, setValues] = useState<readonly string[]>(['', ''])
  const [unit, setUnit] = useState(kind.units[0]?.[0] ?? '')
  const [when, setWhen] = useState(localInput(new Date()))
  const choose = (key: string): void => {
    const next = entryKinds.find((each) => each.key === key) ?? kind
    setKind(next)
    setUnit(next.units[0]?.[0] ?? '')
    setValues(['', ''])
  }
  const change = (at: number, value: string): void =>
    setValues(values.map((each, index) => (index === at ? value : each)))
  const entered: Entered = {
    kind,
    unit,
    values: values.slice(0, partNames(kind).length),
    when: new Date(when),
  }
  return { entered, when, choose, change, setUnit, setWhen }
}

/** An answer that was lost must not be a second measurement: what is sent again as it was is done once. */
const useKey = (entered: Entered): string => {
  const content = JSON.stringify(entered)
  // biome-ignore lint/correctness/useExhaustiveDependencies: other content is another request
  return useMemo(() => crypto.randomUUID(), [content])
}

const useSave = (chart: PatientChart, key: string, done: () => void) => {
  const { client } = usePage()
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const save = async (entered: Entered): Promise<void> => {
    setBusy(true)
    setError(undefined)
    try {
      const body = observationOf(entered, chart.id) as unknown as Parameters<typeof client.create>[0]['body']
      const options = {
        headers: {
          'content-type': 'application/fhir+json',
          prefer: 'return=representation',
          'idempotency-key': key,
        },
      }
      const created = (await client.create({
        resourceType: 'Observation',
        body,
        options,
      })) as unknown as Observation
      if (created.id) chart.vitals.add(created)
      chart.vitals.reload()
      announce(`${entered.kind.title} saved.`)
      done()
    } catch (failed) {
      setError(failed instanceof Error ? failed.message : String(failed))
      setBusy(false)
    }
  }
  return { save, error, busy }
}

/** Nobody who is alive was measured before. */
const earliest = Date.UTC(1900, 0)

const timeProblem = (when: Date): string | undefined => {
  const at = when.getTime()
  if (Number.isNaN(at)) return 'Enter when it was measured.'
  if (at > Date.now() + 60_000) return 'This time is in the future.'
  return at < earliest ? 'Expected after 1900.' : undefined
}

interface WhenFieldProps {
  value: string
  change: (value: string) => void
}

const WhenField = ({ value, change }: WhenFieldProps) => {
  const id = useId()
  const at = new Date(value)
  const problem = timeProblem(at)
  return (
    <div className="field">
      <label htmlFor={id}>Measured at</label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        required
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={(event) => change(event.target.value)}
      />
      <span id={`${id}-problem`} className={problem ? 'problem' : 'hint'}>
        {problem ?? `${readerZone()}, ${offsetText(at.getTime())}`}
      </span>
    </div>
  )
}

type Entry = ReturnType<typeof useEntry>

const KindField = ({ entered, choose }: Entry) => (
  <div className="field">
    <label htmlFor="entry-kind">Vital sign</label>
    <select id="entry-kind" value={entered.kind.key} onChange={(event) => choose(event.target.value)}>
      {entryKinds.map(({ key, title }) => (
        <option key={key} value={key}>
          {title}
        </option>
      ))}
    </select>
  </div>
)

const UnitField = ({ entered, setUnit }: Entry) => (
  <div className="field unit-field">
    <label htmlFor="entry-unit">Unit</label>
    <select id="entry-unit" value={entered.unit} onChange={(event) => setUnit(event.target.value)}>
      {entered.kind.units.map(([code, unit]) => (
        <option key={code} value={code}>
          {unit}
        </option>
      ))}
    </select>
  </div>
)

const ValueFields = ({ entry, found }: { entry: Entry; found: readonly (string | undefined)[] }) => (
  <div className="field-row">
    {partNames(entry.entered.kind).map((label, at) => (
      <NumberField
        key={`${entry.entered.kind.key} ${label}`}
        label={label}
        value={entry.entered.values[at] ?? ''}
        problem={found[at]}
        change={(value) => entry.change(at, value)}
        first={at === 0}
      />
    ))}
    <UnitField {...entry} />
  </div>
)

/** Enters a vital sign; it stands in the charts as soon as the server has it. */
export const ObservationForm = ({ chart, close }: { chart: PatientChart; close: () => void }) => {
  const entry = useEntry()
  const { save, error, busy } = useSave(chart, useKey(entry.entered), close)
  const [tried, setTried] = useState(false)
  const found = problems(entry.entered)
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    setTried(true)
    const form = event.currentTarget
    if (timeProblem(entry.entered.when) === undefined && found.every((each) => each === undefined))
      void save(entry.entered)
    else requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  return (
    <Dialog title="Enter an observation" close={close}>
      <form onSubmit={submit} noValidate className="form">
        <KindField {...entry} />
        <ValueFields entry={entry} found={tried ? found : []} />
        <WhenField value={entry.when} change={entry.setWhen} />
        {error && (
          <p role="alert" className="notice bad">
            Not saved. {error}
          </p>
        )}
        <div className="form-actions">
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
