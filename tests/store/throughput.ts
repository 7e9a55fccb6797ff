/**
 * Prints how fast the store commits Synthea's bundles beside how fast the bare engine takes the same items.
 * Run it with `node tests/store/throughput.ts [FILES…]`.
 */
import { globSync, readFileSync } from 'node:fs'
import { spliceMeta } from '../../src/fhir/json/splice.ts'
import { indexEntriesOf } from '../../src/search/index/entries.ts'
import { type BatchRequest, writeAll } from '../../src/store/dynamo/batch.ts'
import { indexItems } from '../../src/store/dynamo/index/items.ts'
import { prepare } from '../../src/store/dynamo/items.ts'
import { openSession } from '../../src/store/dynamo/open.ts'
import type { Write } from '../../src/store/port.ts'
import { newWriteId } from '../../src/store/write-ids.ts'
import { startEngines } from './engines.ts'

const files =
  process.argv.length > 2 ? process.argv.slice(2) : globSync('../shared/data/synthea/*.json').slice(0, 8)
const t = '2026-11-21T10:00:00.000Z'

interface BundleEntry {
  fullUrl: string
  resource: { resourceType: string; id: string }
}

const writesOf = (file: string): Write[] => {
  const { entry }: { entry: BundleEntry[] } = JSON.parse(readFileSync(file, 'utf8'))
  const links = new Map(
    entry.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${fullUrl.slice(9)}`]),
  )
  return entry.map(({ fullUrl, resource }) => {
    const linked = JSON.stringify(resource).replaceAll(
      /urn:uuid:[0-9a-f-]{36}/g,
      (link) => links.get(link) ?? link,
    )
    const id = fullUrl.slice(9)
    const text = spliceMeta(linked, { id, versionId: '1', lastUpdated: t })
    const entries = indexEntriesOf(JSON.parse(text), t)
    return {
      type: resource.resourceType,
      id,
      before: undefined,
      v: 1,
      t,
      method: 'POST',
      text,
      entries,
      fresh: true,
    }
  })
}

const bareItems = (
  tenant: string,
  writes: readonly Write[],
  tables: { resources: string; search: string },
) => {
  const w = newWriteId(false)
  const items = indexItems(
    tenant,
    writes.map(({ id, v, entries }) => ({ id, v, w, entries })),
  )
  return [
    ...items.map((put): BatchRequest => ({ table: tables.search, put: { ...put } })),
    ...writes.map(
      (write): BatchRequest => ({
        table: tables.resources,
        put: { ...prepare(tenant, write, w, false).item },
      }),
    ),
  ]
}

const seconds = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

const engines = await startEngines()
const bundles = files.map(writesOf)
const total = bundles.reduce((sum, writes) => sum + writes.length, 0)
const session = openSession(engines.place)
const requests = bundles.map((writes) => bareItems('bare', writes, engines.tables))
const items = requests.reduce((sum, all) => sum + all.length, 0)
process.stdout.write(`${files.length} bundles, ${total} resources, ${items} items\n`)
for (let round = 1; round <= 2; round++) {
  const bare = await seconds(async () => {
    for (const all of requests.map((some) => some.map((one) => rename(one, round))))
      await writeAll(session('bare'), all)
  })
  const ours = await seconds(async () => {
    for (const [n, writes] of bundles.entries()) await engines.openStore(`ours${round}-${n}`).commit(writes)
  })
  const rate = (time: number) => `${Math.round(total / time)} resources/s`
  process.stdout.write(`bare engine ${rate(bare)}, store ${rate(ours)}, ratio ${(bare / ours).toFixed(2)}\n`)
}
await engines.stop()

function rename({ table, put }: BatchRequest, round: number): BatchRequest {
  return { table, put: { ...put, pk: `${round}${put?.pk}` } }
}
