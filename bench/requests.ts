import { randomUUID } from 'node:crypto'
import { type Ask, succeed, type Told } from './client.ts'
import type { Kind } from './latency.ts'

/** What the requests of the bench are about: ids that exist in a loaded store. */
export interface Subjects {
  patients: readonly string[]
  observations: readonly string[]
  encounters: readonly string[]
  family: string
}

interface SearchSet {
  entry?: { resource: { id: string; name?: { family: string }[] } }[]
}

export const vitals = (patient: string): string =>
  `Observation?patient=${patient}&category=vital-signs&_sort=-date&_count=50`

/** Returns patients, some observations and a name of a loaded store; the patients are those with a full page of vitals. */
export const findSubjects = async (send: (ask: Ask) => Promise<Told>): Promise<Subjects> => {
  const list = async (path: string) =>
    (JSON.parse((await succeed(send, { method: 'GET', path })).body) as SearchSet).entry ?? []
  const everybody = await list('Patient?_count=100')
  const patients: string[] = []
  for (const { resource } of everybody) {
    if ((await list(vitals(resource.id))).length === 50) patients.push(resource.id)
  }
  const observations = await list('Observation?_count=200')
  return {
    patients,
    observations: observations.map(({ resource }) => resource.id),
    encounters: (await list('Encounter?_count=1')).map(({ resource }) => resource.id),
    family: everybody[0]?.resource.name?.[0]?.family ?? '',
  }
}

const around = <T>(items: readonly T[]): (() => T) => {
  let at = 0
  return () => items[at++ % items.length] as T
}

export const get = (path: string): Ask => ({ method: 'GET', path })

/** Returns the text of a heart rate of a patient at a moment that no other has. */
export const observationText = (patient: string, i: number, extra = ''): string =>
  `{"resourceType":"Observation"${extra},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]},"subject":{"reference":"Patient/${patient}"},"effectiveDateTime":"${new Date(Date.UTC(2025, 0, 1) + i * 60_000).toISOString()}","valueQuantity":{"value":${60 + (i % 40)}.0,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}`

const visitText = (patient: string, observations: number, i: number): string => {
  const encounter = `urn:uuid:${randomUUID()}`
  const entry = (fullUrl: string, type: string, resource: string): string =>
    `{"fullUrl":"${fullUrl}","resource":${resource},"request":{"method":"POST","url":"${type}"}}`
  const first = entry(
    encounter,
    'Encounter',
    `{"resourceType":"Encounter","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/${patient}"},"period":{"start":"2025-03-01T09:00:00Z","end":"2025-03-01T09:30:00Z"}}`,
  )
  const others = Array.from({ length: observations }, (_, n) =>
    entry(
      `urn:uuid:${randomUUID()}`,
      'Observation',
      observationText(
        patient,
        i * 200 + n,
        `,"encounter":{"reference":"${encounter}"},"note":[{"text":"${n}"}]`,
      ),
    ),
  )
  return `{"resourceType":"Bundle","type":"transaction","entry":[${[first, ...others].join(',')}]}`
}

/** Returns every kind of request that is measured, bare ones first; what is written concerns a patient that no read asks for. */
export const kindsOf = ({ patients, observations, family }: Subjects): readonly Kind[] => {
  const patient = around(patients.slice(1))
  const [written = ''] = patients
  const observation = around(observations.slice(20))
  let i = 0
  const updated = around(observations.slice(0, 20))
  return [
    { name: 'bare GetItem', count: 400, ask: () => get(`Floor/read/Observation/${observation()}`) },
    { name: 'bare Query and BatchGetItem', count: 200, ask: () => get(`Floor/vitals/${patient()}`) },
    {
      name: 'read',
      count: 400,
      ask: () => get(`Observation/${observation()}`),
      floor: { name: 'bare GetItem', atMost: 1.3 },
    },
    {
      name: 'vitals search, 50 of a patient',
      count: 200,
      ask: () => get(vitals(patient())),
      floor: { name: 'bare Query and BatchGetItem', atMost: 1.5 },
    },
    { name: 'patients by name', count: 100, ask: () => get(`Patient?name=${encodeURIComponent(family)}`) },
    { name: 'observations by code, 50', count: 100, ask: () => get('Observation?code=8302-2&_count=50') },
    {
      name: 'create',
      count: 200,
      ask: () => ({ method: 'POST', path: 'Observation', body: observationText(written, i++) }),
    },
    {
      name: 'update',
      count: 100,
      ask: () => {
        const id = updated()
        return {
          method: 'PUT',
          path: `Observation/${id}`,
          body: observationText(written, i++, `,"id":"${id}"`),
        }
      },
    },
    {
      name: 'conditional create, nothing matches',
      count: 60,
      ask: () => ({
        method: 'POST',
        path: 'Observation',
        headers: { 'if-none-exist': `identifier=urn:bench|${randomUUID()}` },
        body: observationText(written, i++),
      }),
    },
    {
      name: 'read as XML',
      count: 100,
      ask: () => get(`Observation/${observation()}?_format=xml`),
    },
    {
      name: 'transaction of 10',
      count: 60,
      ask: () => ({ method: 'POST', path: '', body: visitText(written, 9, i++) }),
    },
    {
      name: 'transaction of 200',
      count: 10,
      ask: () => ({ method: 'POST', path: '', body: visitText(written, 199, i++) }),
    },
    {
      name: 'transaction of 1,000',
      count: 10,
      ask: () => ({ method: 'POST', path: '', body: visitText(written, 999, i++) }),
    },
  ]
}
