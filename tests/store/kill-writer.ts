/** A process that writes until it is killed, and says on its standard output what it begins and what is acknowledged. */
import { connect } from '../../src/store/dynamo/clients.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { getOne, manyNotes, put } from './drafts.ts'

const {
  KILL_TENANT = '',
  RESOURCES_TABLE = '',
  SEARCH_TABLE = '',
  SYSTEM_TABLE = '',
  ARCHIVE_BUCKET = '',
} = process.env

const open = openStore({
  tables: { resources: RESOURCES_TABLE, search: SEARCH_TABLE, system: SYSTEM_TABLE },
  bucket: ARCHIVE_BUCKET,
  clients: connect(process.env),
})

const counter = { type: 'Observation', id: 'counter' }

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

for (let n = 0; ; n++) {
  const store = open(KILL_TENANT)
  say(`begin ${n}`)
  const before = await getOne(store, counter)
  const notes = n % 2 === 0 ? manyNotes(110, `batch${n}`) : manyNotes(3, `batch${n}`)
  await store.commit([put({ ...counter, code: `n${n}` }, before), ...notes.map((note) => put(note))])
  say(`done ${n}`)
}
