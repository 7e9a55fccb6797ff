import { afterAll, beforeAll, expect, test } from 'vitest'
import { restoreFrom } from '../../../src/local/restore.ts'
import { type Archive, openArchive } from '../../../src/store/archive/archive.ts'
import { archiveLine } from '../../../src/store/archive/line.ts'
import { archiveKey, purgedKey } from '../../../src/store/keys.ts'
import { type Engines, startEngines } from '../engines.ts'

const old = 'old-archive'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
  expect((await fetch(`${engines.endpoints.s3}/${old}`, { method: 'PUT' })).status).toBe(200)
})
afterAll(() => engines?.stop())

const versionLine = (v: number): string =>
  archiveLine({
    tenant: 'main',
    type: 'Basic',
    id: 'b',
    v,
    t: `2026-01-0${v}T10:00:00.000Z`,
    method: 'PUT',
    deleted: false,
    text: JSON.stringify({ resourceType: 'Basic', id: 'b', language: `l${v}` }),
  })

const keysOf = async (archive: Archive): Promise<string[]> => {
  const found: string[] = []
  for await (const key of archive.keys('archive/')) found.push(key)
  return found
}

test('a restore from the archive of another stack keeps past versions, Bundles and purges in the new archive', async () => {
  const from = openArchive({ bucket: old, clients: engines.clients })
  const day = (v: number) => archiveKey('main', 'Basic', `2026-01-0${v}`, 'batch')
  for (const v of [1, 2]) await from.put(day(v), `${versionLine(v)}\n`)
  await from.bundle('main', 'posted', '{"resourceType":"Bundle"}')
  const gone = purgedKey('main', { type: 'Basic', id: 'gone' }, '2026-01-01T00:00:00.000Z')
  await from.putPlain(gone, '{}')
  expect(await restoreFrom(old, engines.env)).toBe(2)
  const keys = await keysOf(engines.archive)
  expect(keys).toEqual(await keysOf(from))
  expect(keys).toHaveLength(4)
  expect(keys.filter((key) => key.startsWith('archive/bundles/main/'))).toHaveLength(1)
  expect(await engines.archive.read(day(1))).toBe(await from.read(day(1)))
  const past = await engines.openStore('main').version({ type: 'Basic', id: 'b' }, 1)
  expect(past?.text).toContain('"l1"')
})
