import { randomBytes } from 'node:crypto'
import { patientList, typeList, valueList } from '../../src/store/keys.ts'
import type {
  Candidate,
  Entry,
  List,
  Method,
  ResourceKey,
  Store,
  Version,
  Write,
} from '../../src/store/port.ts'

/** A resource as small as the store's tests need it. */
export interface Note extends ResourceKey {
  code: string
  date?: string
  subject?: string
  /** Filler that does not compress. */
  filler?: string
}

/** The text of a note, written the way a client might: with digits and blanks that a JSON writer would change. */
export const textOf = ({ type, id, code, date = '2026-01-01', filler = '' }: Note): string =>
  `{ "resourceType": "${type}",\n  "id": "${id}", "code": "${code}", "date": "${date}", "value": 1.00, "filler": "${filler}" }`

/** Where a note is to be found. */
export const entriesOf = ({ type, code, date = '2026-01-01', subject }: Note): Entry[] => [
  { list: typeList(type), order: date },
  { list: valueList(type, 'code', code), order: date, high: `${date}T23` },
  ...(subject
    ? [
        {
          list: patientList(subject),
          order: `${type}|${date}`,
          facets: new Uint8Array([1, 2, 3, code.length]),
        },
      ]
    : []),
]

/** Where a stored version is to be found. */
export const entriesOfVersion = ({ type, id, text }: Version): Entry[] => {
  if (text === '') return []
  const { code, date } = JSON.parse(text)
  return entriesOf({ type, id, code, date })
}

const later = (t: string): string => new Date(Date.parse(t) + 1).toISOString()

const method = (before: Version | undefined): Method => (before ? 'PUT' : 'POST')

/** Returns the write that makes a note the next version. */
export const put = (note: Note, before?: Version, t = '2026-11-21T10:00:00.000Z'): Write => ({
  type: note.type,
  id: note.id,
  before,
  v: (before?.v ?? 0) + 1,
  t: before ? later(before.t) : t,
  method: method(before),
  text: textOf(note),
  entries: entriesOf(note),
})

/** Returns the write that creates a note under an id that nobody else knows. */
export const create = (note: Note): Write => ({ ...put(note), fresh: true })

/** Returns the write that deletes what is there. */
export const remove = (before: Version): Write => ({
  type: before.type,
  id: before.id,
  before,
  v: before.v + 1,
  t: later(before.t),
  method: 'DELETE',
  entries: [],
})

/** Returns everything that stands in a list, all shards and pages, in order. */
export const readList = async (store: Store, list: List): Promise<Candidate[]> => {
  const found: Candidate[] = []
  for (let shard = 0; shard < list.shards; shard++) {
    let after: string | undefined
    do {
      const range = { list: list.name, shard, reverse: false, limit: 1000 }
      const page = await store.page(after === undefined ? range : { ...range, after })
      found.push(...page.candidates)
      after = page.after
    } while (after !== undefined)
  }
  return found.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
}

/** Returns the current version of one resource. */
export const getOne = async (store: Store, key: ResourceKey): Promise<Version | undefined> =>
  (await store.get([key]))[0]

/** Returns the ids a list gives whose entry is live, sorted. */
export const liveIds = async (store: Store, type: string, list: List): Promise<string[]> => {
  const candidates = await readList(store, list)
  const versions = await store.get(candidates.map(({ id }) => ({ type, id })))
  return candidates
    .filter(({ w }, at) => versions[at]?.w === w && !versions[at]?.deleted)
    .map(({ id }) => id)
    .sort()
}

/** Returns so many notes that share a subject and differ in the rest. */
export const manyNotes = (count: number, prefix: string, more: Partial<Note> = {}): Note[] =>
  Array.from({ length: count }, (_, at) => ({
    type: 'Observation',
    id: `${prefix}-${String(at).padStart(5, '0')}`,
    code: `code-${at % 7}`,
    date: `2026-01-${String(1 + (at % 28)).padStart(2, '0')}`,
    subject: prefix,
    ...more,
  }))

/** Returns so many characters that hardly compress below three quarters. */
export const randomFiller = (length: number): string =>
  randomBytes(Math.ceil(length * 0.75))
    .toString('base64url')
    .slice(0, length)
