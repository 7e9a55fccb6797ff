import type { Patient } from 'fhir/r4.js'
import { useEffect, useMemo, useState } from 'react'
import { type Collection, collect, type Snapshot } from '../fhir/collection.ts'
import { searchPages } from '../fhir/search.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { usePage } from '../page.ts'
import { patientQuery } from './terms.ts'

const pause = 150
const nobody: Collection<Patient> = collect(async () => ({ items: [], next: undefined }))

const useSettled = (text: string): string => {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pause)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** What a search found; `asked` is false while nothing is typed. */
export interface Found extends Snapshot<Patient> {
  asked: boolean
  more(): void
}

/** Returns the patients that fit what is typed; an answer to what was typed before is never shown. */
export const usePatients = (text: string): Found => {
  const { client } = usePage()
  const settled = useSettled(text.trim())
  const collection = useMemo(() => {
    const query = patientQuery(settled)
    return query ? collect(searchPages<Patient>(client, 'Patient', { ...query, _count: 20 })) : nobody
  }, [client, settled])
  useEffect(() => () => (collection === nobody ? undefined : collection.stop()), [collection])
  const snapshot = useCollection(collection)
  const current = settled === text.trim()
  return {
    ...snapshot,
    ...(current ? {} : { state: 'loading', items: [], next: undefined }),
    asked: patientQuery(text) !== undefined,
    more: collection.more,
  }
}
