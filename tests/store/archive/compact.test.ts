import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openArchive } from '../../../src/store/archive/archive.ts'
import { compactArchive } from '../../../src/store/archive/compact.ts'
import { type ArchivedVersion, parseArchiveLine } from '../../../src/store/archive/line.ts'
import { archiveFiles } from '../../../src/store/archive/stream.ts'
import { purgedKey } from '../../../src/store/keys.ts'
import { type Engines, startEngines } from '../engines.ts'
import { failingAt } from '../faults.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const version = (tenant: string, id: string, v: number, day: string): ArchivedVersion => ({
  tenant,
  type: 'Basic',
  id,
  v,
  t: `${day}T10:00:0${v % 10}.000Z`,
  method: 'PUT',
  deleted: false,
  text: `{ "resourceType": "Basic",\n "id": "${id}", "value": 1.00 }`,
})

const putBatches = async (tenant: string, day: string, batches: number): Promise<ArchivedVersion[]> => {
  const all: ArchivedVersion[] = []
  for (let n = 0; n < batches; n++) {
    const some = [version(tenant, `b${n}`, 1, day), version(tenant, `b${n}`, 2, day)]
    for (const { key, text } of archiveFiles(some, String(1000 + n))) await engines.archive.put(key, text)
    all.push(...some)
  }
  return all
}

const keysOf = async (tenant: string): Promise<string[]> => {
  const found: string[] = []
  for await (const key of engines.archive.keys(`archive/resources/${tenant}/`)) found.push(key)
  return found
}

const versionsOf = async (tenant: string): Promise<ArchivedVersion[]> => {
  const texts = await Promise.all((await keysOf(tenant)).map(engines.archive.read))
  return texts
    .flatMap((text) => text.trimEnd().split('\n'))
    .map((line) => parseArchiveLine(tenant, line))
    .sort((a, b) => a.id.localeCompare(b.id) || a.v - b.v)
}

const newTenant = () => `t${randomBytes(6).toString('hex')}`

test('a day that is over comes to one object, every version as it was; a young day stays', async () => {
  const tenant = newTenant()
  const old = await putBatches(tenant, '2026-03-01', 9)
  const young = await putBatches(tenant, '2026-03-05', 3)
  expect(await compactArchive(engines.archive, tenant, '2026-03-04')).toEqual({
    days: 1,
    before: 9,
    after: 1,
    more: false,
  })
  expect((await keysOf(tenant)).map((key) => key.split('/').at(-2))).toEqual([
    '2026-03-01',
    ...Array(3).fill('2026-03-05'),
  ])
  const inOrder = [...old, ...young].sort((a, b) => a.id.localeCompare(b.id) || a.v - b.v)
  expect((await versionsOf(tenant)).sort((a, b) => a.t.localeCompare(b.t))).toEqual(
    inOrder.sort((a, b) => a.t.localeCompare(b.t)),
  )
  expect(await compactArchive(engines.archive, tenant, '2026-03-04')).toMatchObject({ days: 0 })
})

test('a version that stands in two objects stays once, and what was purged goes', async () => {
  const tenant = newTenant()
  const [kept, later] = [version(tenant, 'kept', 1, '2026-03-01'), version(tenant, 'kept', 2, '2026-03-01')]
  const gone = version(tenant, 'gone', 1, '2026-03-01')
  for (const [at, some] of [[kept, gone], [kept, later], [later]].entries())
    for (const { key, text } of archiveFiles(some, String(at))) await engines.archive.put(key, text)
  await engines.archive.putPlain(
    purgedKey(tenant, { type: 'Basic', id: 'gone' }, '2026-03-01T11:00:00.000Z'),
    '{}',
  )
  await compactArchive(engines.archive, tenant, '2026-03-02')
  expect(await versionsOf(tenant)).toEqual([kept, later])
})

test('a compaction that dies at any call loses no version, and the next one ends it', async () => {
  for (let at = 1; ; at++) {
    const tenant = newTenant()
    const all = await putBatches(tenant, '2026-03-01', 3)
    let died = true
    const clients = failingAt(engines.clients, { before: (_, nth) => nth === at })
    const ended = compactArchive(openArchive({ ...engines.place, clients }), tenant, '2026-03-02')
    await ended.then(
      () => (died = false),
      () => undefined,
    )
    const seen = new Map((await versionsOf(tenant)).map((one) => [`${one.id}/${one.v}`, one]))
    expect([...seen.values()], `stopped before call ${at}`).toEqual(all)
    await compactArchive(engines.archive, tenant, '2026-03-02')
    expect((await keysOf(tenant)).length).toBeLessThanOrEqual(2)
    if (!died) {
      expect(at).toBeGreaterThan(8)
      return
    }
  }
})

test('a compaction whose time is up says that there is more', async () => {
  const tenant = newTenant()
  await putBatches(tenant, '2026-03-01', 2)
  await putBatches(tenant, '2026-03-02', 2)
  let asked = 0
  expect(await compactArchive(engines.archive, tenant, '2026-03-09', () => ++asked > 1)).toMatchObject({
    days: 1,
    more: true,
  })
})
