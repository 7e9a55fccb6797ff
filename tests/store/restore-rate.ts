/**
 * Prints how fast a restore goes: into the local engine, and with tables that take everything at once, which is how
 * fast one process reads the archive and prepares what it writes. Run it with `node tests/store/restore-rate.ts [FILES…]`,
 * the files being Synthea's transaction Bundles.
 */
import { globSync, readFileSync } from 'node:fs'
import { spliceMeta } from '../../src/fhir/json/splice.ts'
import { indexEntriesOf } from '../../src/search/index/entries.ts'
import type { ArchivedVersion } from '../../src/store/archive/line.ts'
import { restoreTenant } from '../../src/store/archive/restore.ts'
import { archiveFiles } from '../../src/store/archive/stream.ts'
import { startEngines } from './engines.ts'
import { sending } from './faults.ts'

const files =
  process.argv.length > 2 ? process.argv.slice(2) : globSync('../shared/data/synthea/*.json').slice(0, 20)
const t = '2026-11-21T10:00:00.000Z'
const tenant = 'main'
const perObject = 5_000

interface BundleEntry {
  fullUrl: string
  resource: { resourceType: string; id: string }
}

const versionsOf = (file: string): ArchivedVersion[] => {
  const { entry }: { entry: BundleEntry[] } = JSON.parse(readFileSync(file, 'utf8'))
  return entry.map(({ fullUrl, resource }) => {
    const id = fullUrl.slice(9)
    const text = spliceMeta(JSON.stringify(resource), { id, versionId: '1', lastUpdated: t })
    return { tenant, type: resource.resourceType, id, v: 1, t, method: 'POST', deleted: false, text }
  })
}

const versions = files.flatMap(versionsOf)
const engines = await startEngines()
for (let at = 0; at < versions.length; at += perObject)
  for (const { key, text } of archiveFiles(versions.slice(at, at + perObject), String(at)))
    await engines.archive.put(key, text)

const written = { resources: 0, search: 0, system: 0 }
const counting = sending(engines.clients, (call, send) => {
  const { RequestItems = {} } = call.input as { RequestItems?: Record<string, unknown[]> }
  for (const [name, table] of Object.entries(engines.tables))
    written[name as keyof typeof written] += RequestItems[table]?.length ?? 0
  return call.constructor.name === 'BatchWriteCommand'
    ? (Promise.resolve({}) as ReturnType<typeof send>)
    : send()
})

const timed = async (name: string, clients: typeof counting): Promise<void> => {
  const began = performance.now()
  const count = await restoreTenant({ ...engines.place, clients }, engines.archive, tenant, (resource, at) =>
    indexEntriesOf(resource, at, []),
  )
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${name}: ${count} versions in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second`,
  )
}

await timed('tables that take all at once', counting)
console.log(`items: ${JSON.stringify(written)}`)
await timed('dynoxide', engines.clients)
await engines.stop()
