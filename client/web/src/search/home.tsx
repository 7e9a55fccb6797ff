import type { Patient } from 'fhir/r4.js'
import { useEffect, useMemo } from 'react'
import { identifiers, listName, sexText } from '../../../clinical/text.ts'
import { ageText, instant } from '../../../clinical/time.ts'
import { type Collection, collect } from '../fhir/collection.ts'
import { searchPages } from '../fhir/search.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { usePage } from '../page.ts'
import { patientHash } from '../route.ts'
import { type Column, ListTable } from '../ui/list-table.tsx'
import { Failed, Loading } from '../ui/states.tsx'
import { When } from '../ui/when.tsx'
import { recentIds } from './recent.ts'

const age = ({ birthDate, deceasedDateTime }: Patient): string =>
  `${deceasedDateTime ? '† ' : ''}${ageText(birthDate, instant(deceasedDateTime) || Date.now())}`

const columns: readonly Column<Patient>[] = [
  { head: 'Name', cell: (patient) => <a href={patientHash(patient.id ?? '')}>{listName(patient)}</a> },
  { head: 'Born', cell: (patient) => <When at={patient.birthDate} day /> },
  {
    head: 'Age',
    cell: age,
  },
  { head: 'Sex', cell: sexText },
  {
    head: 'Identifier',
    cell: (patient) => <span className="identifier">{identifiers(patient)[0]?.value}</span>,
  },
]

const useOwn = <T,>(make: () => Collection<T>, keys: readonly unknown[]): Collection<T> => {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller names what the collection depends on
  const collection = useMemo(make, keys)
  useEffect(() => () => collection.stop(), [collection])
  return collection
}

const Recent = ({ ids }: { ids: readonly string[] }) => {
  const { client } = usePage()
  const collection = useOwn(
    () => collect(searchPages<Patient>(client, 'Patient', { _id: ids.join(','), _count: ids.length })),
    [client, ids.join()],
  )
  const { state, items, error } = useCollection(collection)
  const known = ids.flatMap((id) => items.find((patient) => patient.id === id) ?? [])
  return (
    <section aria-labelledby="recent">
      <h2 id="recent">Recent patients</h2>
      {state === 'failed' && <Failed what="recent patients" error={error} retry={collection.more} />}
      {state === 'loading' && known.length === 0 && <Loading what="recent patients" lines={2} />}
      <ul className="recent">
        {known.map((patient) => (
          <li key={patient.id}>
            <a className="card recent-card" href={patientHash(patient.id ?? '')}>
              <strong>{listName(patient)}</strong>
              <span className="muted">
                {age(patient)} · {sexText(patient)}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The first page after signing in: whom one saw last, and everybody. */
export const Home = () => {
  const { client, user } = usePage()
  const everybody = useOwn(() => collect(searchPages<Patient>(client, 'Patient', { _count: 50 })), [client])
  const ids = recentIds(user.id)
  useEffect(() => {
    document.title = 'Patients · Pilotlight'
  }, [])
  return (
    <div className="home">
      <h1>Patients</h1>
      {ids.length > 0 && <Recent ids={ids} />}
      <section aria-labelledby="everybody">
        <h2 id="everybody">All patients</h2>
        <div className="card">
          <ListTable
            label="All patients"
            what="patients"
            type="Patient"
            collection={everybody}
            columns={columns}
            name={listName}
            empty="No patients yet. Post a bundle, and they appear here."
          />
        </div>
      </section>
    </div>
  )
}
