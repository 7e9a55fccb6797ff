import type { Patient } from 'fhir/r4.js'
import { useEffect, useId, useRef, useState } from 'react'
import { identifiers, listName, sexText } from '../../../clinical/text.ts'
import { ageText, dayText, instant } from '../../../clinical/time.ts'
import { patientHash } from '../route.ts'
import { Icon } from '../ui/icon.tsx'
import { Failed } from '../ui/states.tsx'
import { type Found, usePatients } from './use-patients.ts'

interface OptionProps {
  patient: Patient
  id: string
  active: boolean
  choose: () => void
}

const Option = ({ patient, id, active, choose }: OptionProps) => {
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (active) row.current?.scrollIntoView({ block: 'nearest' })
  }, [active])
  const number = identifiers(patient)[0]
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox's field takes the keys
    <div
      ref={row}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={active}
      className="option"
      onClick={choose}
    >
      <span className="option-name">{listName(patient)}</span>
      <span className="option-facts">
        <span>{dayText(patient.birthDate) || 'Birth date not recorded'}</span>
        <span>{ageText(patient.birthDate, instant(patient.deceasedDateTime) || Date.now())}</span>
        <span>{sexText(patient)}</span>
        {number && (
          <span className="identifier">
            {number.label} {number.value}
          </span>
        )}
      </span>
    </div>
  )
}

const foundText = (found: Found): string => {
  if (found.state === 'loading') return 'Searching…'
  if (found.items.length === 0) return 'Nobody found. Try part of a name, a birth date, or an identifier.'
  const count = found.next ? `First ${found.items.length} patients` : `${found.items.length} found`
  return `${count} · arrow keys and Enter to open`
}

interface ResultsProps {
  found: Found
  list: string
  active: number
  choose: (patient: Patient) => void
}

const Results = ({ found, list, active, choose }: ResultsProps) => (
  <div className="results">
    {found.state === 'failed' ? (
      <Failed what="patients" error={found.error} retry={found.more} />
    ) : (
      <p className="results-state" role="status">
        {foundText(found)}
      </p>
    )}
    <div id={list} role="listbox" aria-label="Patients found" className="options">
      {found.items.map((patient, index) => (
        <Option
          key={patient.id}
          id={`${list}-${index}`}
          patient={patient}
          active={index === active}
          choose={() => choose(patient)}
        />
      ))}
    </div>
    {found.next && (
      <button type="button" className="button quiet wide" onClick={found.more}>
        More patients
      </button>
    )}
  </div>
)

const useSearch = (field: React.RefObject<HTMLInputElement | null>) => {
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(0)
  const found = usePatients(text)
  const shown = open && found.asked
  const type = (next: string): void => {
    setText(next)
    setActive(0)
    setOpen(true)
  }
  const choose = (patient: Patient): void => {
    setText('')
    setOpen(false)
    field.current?.blur()
    location.hash = patientHash(patient.id ?? '')
  }
  const move = (by: number): void => {
    setOpen(true)
    setActive((before) => Math.min(Math.max(before + by, 0), Math.max(found.items.length - 1, 0)))
  }
  const dismiss = (): void => {
    setOpen(false)
    if (!shown) setText('')
  }
  return { text, found, active, shown, setOpen, type, choose, move, dismiss }
}

const press = (event: React.KeyboardEvent, search: ReturnType<typeof useSearch>): void => {
  const patient = search.found.items[search.active]
  if (event.key === 'ArrowDown') search.move(1)
  else if (event.key === 'ArrowUp') search.move(-1)
  else if (event.key === 'Enter' && patient && search.shown) search.choose(patient)
  else if (event.key === 'Escape') search.dismiss()
  else return
  event.preventDefault()
}

/** Finds a patient while typing: name, birth date or identifier; keyboard first. */
export const SearchBox = () => {
  const box = useRef<HTMLElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const search = useSearch(field)
  const { text, found, active, shown } = search
  const list = useId()
  const leave = (event: React.FocusEvent): void => {
    if (!box.current?.contains(event.relatedTarget)) search.setOpen(false)
  }
  return (
    <search ref={box} className="search" onBlur={leave}>
      <Icon name="search" />
      <input
        ref={field}
        id="search"
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        placeholder="Find a patient: name, birth date, identifier"
        aria-label="Find a patient by name, birth date or identifier"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && found.items[active] ? `${list}-${active}` : undefined}
        value={text}
        onChange={(event) => search.type(event.target.value)}
        onFocus={() => search.setOpen(true)}
        onKeyDown={(event) => press(event, search)}
      />
      <span className="kbd" aria-hidden="true">
        /
      </span>
      {shown && <Results found={found} list={list} active={active} choose={search.choose} />}
    </search>
  )
}
