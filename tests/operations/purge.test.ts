import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { askDoor, eventOf, type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const put = (id: string, text: string) =>
  ask('PUT', `/Basic/${id}`, { body: { resourceType: 'Basic', id, code: { text } } })
const removed = (versions: number) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'versions', valueInteger: versions }],
})

test('past versions go, the current one stays as it is', async () => {
  for (const text of ['a', 'b', 'c']) await put('h', text)
  const told = await ask('POST', '/Basic/h/$purge-history')
  expect([told.status, told.json]).toEqual([200, removed(2)])
  expect((await ask('GET', '/Basic/h/_history')).json.total).toBe(1)
  expect((await ask('GET', '/Basic/h/_history/2')).status).toBe(404)
  const current = await ask('GET', '/Basic/h')
  expect([current.headers.ETag, current.json.code.text]).toEqual(['W/"3"', 'c'])
  expect((await ask('GET', '/Basic?code:text=c')).status).toBe(200)
})

test('a deleted resource goes entirely, one that is not deleted stays', async () => {
  await put('p', 'a')
  const refused = await ask('POST', '/Basic/p/$purge')
  expect([refused.status, refused.json.issue[0].diagnostics]).toEqual([
    409,
    expect.stringContaining('not deleted'),
  ])
  await ask('DELETE', '/Basic/p')
  expect((await ask('POST', '/Basic/p/$purge')).json).toEqual(removed(2))
  expect((await ask('GET', '/Basic/p')).status).toBe(404)
  expect((await ask('GET', '/Basic/p/_history')).status).toBe(404)
  expect((await ask('POST', '/Basic/p/$purge')).status).toBe(404)
  expect((await put('p', 'again')).headers.ETag).toBe('W/"1"')
})

test.each(['clinician', 'loader', 'viewer'])('a %s may not', async (groups) => {
  await put('kept', groups)
  for (const operation of ['$purge', '$purge-history'])
    expect((await ask('POST', `/Basic/kept/${operation}`, { groups })).status).toBe(403)
})

test('takes no parameter and no GET', async () => {
  expect((await ask('POST', '/Basic/h/$purge-history?until=2020')).status).toBe(400)
  expect((await ask('GET', '/Basic/h/$purge-history')).status).toBe(405)
})

test('the log tells who purged what, before and after', async () => {
  await put('logged', 'a')
  await put('logged', 'b')
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    await askDoor(door(server.engines, {}), eventOf('POST', '/Basic/logged/$purge-history'))
    const lines = written.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('purged'))
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      principal: 'tester',
      notes: [
        { purging: 'Basic/logged', entirely: false, current: 2 },
        { purged: 'Basic/logged', versions: 1 },
      ],
    })
  } finally {
    written.mockRestore()
  }
})
