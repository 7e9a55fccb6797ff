/** A process that commits one transaction of many resources, and kills itself at the call that it is told to. */
import { writeSync } from 'node:fs'
import { connect } from '../../src/store/dynamo/clients.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { create, manyNotes, put } from './drafts.ts'
import { isApplying, isRecord, sending } from './faults.ts'

const {
  HUGE_TENANT = '',
  HUGE_COUNT = '',
  HUGE_DEATH = '',
  RESOURCES_TABLE = '',
  SEARCH_TABLE = '',
  SYSTEM_TABLE = '',
  ARCHIVE_BUCKET = '',
} = process.env

const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

const clients = sending(connect(process.env), async (call, send) => {
  if (HUGE_DEATH === 'before the record' && isRecord(call)) die()
  if (HUGE_DEATH === 'while it is carried out' && isApplying(call)) die()
  const answer = await send()
  if (HUGE_DEATH === 'after the record' && isRecord(call)) die()
  return answer
})

const store = openStore({
  tables: { resources: RESOURCES_TABLE, search: SEARCH_TABLE, system: SYSTEM_TABLE },
  bucket: ARCHIVE_BUCKET,
  clients,
})(HUGE_TENANT)

/** Nine of ten under ids made up for them, as POST makes them, the others named, as PUT does. */
const writes = manyNotes(Number(HUGE_COUNT), 'huge').map((note, i) =>
  i % 10 === 0 ? put(note) : create(note),
)

const began = performance.now()
await store.commit(writes)
const milliseconds = Math.round(performance.now() - began)
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
writeSync(1, JSON.stringify({ milliseconds, megabytes, ...store.meter }))
process.exit(0)
