import { BatchGetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../src/store/dynamo/open.ts'
import { getOne, put } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'
import { sending } from './faults.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

type Keys = { pk: string; sk: string }[]
type Batch = { Responses?: Record<string, unknown[]> }

/** Returns clients whose first BatchGetItem reads past versions before and current ones after something happens. */
const splitBy = (between: () => Promise<void>) => {
  let isSplit = false
  const { clients, tables } = engines
  const read = async (keys: Keys, isPast: boolean): Promise<unknown[]> => {
    const Keys = keys.filter(({ sk }) => sk.startsWith('v|') === isPast)
    const command = new BatchGetCommand({
      RequestItems: { [tables.resources]: { Keys, ConsistentRead: true } },
    })
    const answer = (await clients.dynamo.send(command as never)) as Batch
    return answer.Responses?.[tables.resources] ?? []
  }
  return sending(clients, async <Answer>(call: { input: object }, send: () => Promise<Answer>) => {
    const { RequestItems } = call.input as { RequestItems?: Record<string, { Keys: Keys }> }
    const keys = RequestItems?.[tables.resources]?.Keys
    if (isSplit || !keys?.some(({ sk }) => sk.startsWith('v|'))) return send()
    isSplit = true
    const past = await read(keys, true)
    await between()
    return { Responses: { [tables.resources]: [...past, ...(await read(keys, false))] } } as Answer
  })
}

test('a version that is superseded between the two reads of it is found all the same', async () => {
  const note = { type: 'Patient', id: 'p', code: 'one' }
  const store = engines.openStore('exact')
  await store.commit([put(note)])
  const first = await getOne(store, note)
  const between = () => engines.openStore('exact').commit([put({ ...note, code: 'two' }, first)])
  const reader = openStore({ ...engines.place, clients: splitBy(between) })('exact')
  expect(await reader.version(note, 1)).toMatchObject({ v: 1, text: first?.text })
  expect((await getOne(store, note))?.v).toBe(2)
  expect(await store.version(note, 3)).toBeUndefined()
})
