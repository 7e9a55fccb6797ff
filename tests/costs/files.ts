/**
 * A process of its own that writes the items of made-up patients to files as DynamoDB exports tables:
 * every so-many-th patient from one on, until there are enough resources.
 */

import { openFile } from './exported.ts'
import { itemsOf, writtenFor } from './made.ts'

const [directory = '', part = '', parts = '', wanted = '', tenant = ''] = process.argv.slice(2)

const search = openFile(`${directory}/search-table`, part)
const resources = openFile(`${directory}/resources-table`, part)
const seen = new Set<string>()
let [made, items, patients] = [0, 0, 0]
for (let index = Number(part); made < Number(wanted); index += Number(parts)) {
  for (const written of writtenFor(index)) {
    const [only, ...others] = written.writes
    if (only && others.length === 0 && seen.has(only.id)) continue
    if (only && others.length === 0) seen.add(only.id)
    const rows = itemsOf(tenant, written)
    await search.put(rows.search)
    await resources.put(rows.resources)
    made += written.writes.length
    items += rows.search.length
  }
  patients++
}
await Promise.all([search.end(), resources.end()])
process.stdout.write(JSON.stringify({ resources: made, items, patients }))
