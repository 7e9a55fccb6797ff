import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openClaims } from '../../../../src/local/gateway/token.ts'
import { type Stack, startStack } from '../../../../src/local/stack.ts'
import { ledgerLine } from '../../../../src/local/strict/rights/ledger.ts'
import { rightsOfPrincipal } from '../../../../src/local/strict/rights/policy.ts'
import { rightsReport } from '../../../../src/local/strict/rights/report.ts'
import { readTemplate } from '../../../../src/local/template/template.ts'
import { openArchive } from '../../../../src/store/archive/archive.ts'
import { failedText } from '../../../../src/store/archive/failed.ts'
import { archiveLine } from '../../../../src/store/archive/line.ts'
import { keepSuperseded } from '../../../../src/store/dynamo/index/superseded.ts'
import { openSession, openStore } from '../../../../src/store/dynamo/open.ts'
import { archiveKey, failedPrefixes } from '../../../../src/store/keys.ts'
import { openSweeper } from '../../../../src/store/sweeper.ts'
import { askStack, type Door, doorsOf, resultAt, resultOf } from './doors.ts'
import {
  bareWrite,
  leave,
  loseEntries,
  pastRights,
  putStale,
  putWithoutBody,
  tenant,
  withRightsOf,
} from './leftovers.ts'

const given = { DELETION_OF_REFERRED: 'refuse' }
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ open: true, environments: 1, given })
}, 60_000)
afterAll(() => stack?.stop())

const doorOf = (id: string): Door => doorsOf(stack).find((each) => each.id === id) as Door

const filler = () => randomBytes(450_000).toString('base64')

const bare = (type: string, id?: string, more: object = {}) => ({
  resourceType: type,
  ...(id && { id }),
  ...required[type],
  ...more,
})

const subject = { reference: 'Patient/somebody' }

/** What R4 asks of each type, and a reference, so that a write watches its target. */
const required: Readonly<Record<string, object>> = {
  Patient: { generalPractitioner: [{ reference: 'Practitioner/somebody' }] },
  Observation: { status: 'final', code: { text: 'c' }, subject },
  Encounter: { status: 'planned', class: { code: 'AMB' }, subject },
  Procedure: { status: 'completed', subject },
  Condition: { subject },
  Basic: { code: { text: 'c' } },
}

const large = (type: string, id: string) => bare(type, id, { text: narrative() })

const narrative = () => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml">${filler()}</div>`,
})

/** Sends requests one after the other; each must be answered with its status. */
const inOrder = async ({ send }: Door, sent: readonly (readonly [string, string, number, object?])[]) => {
  for (const [method, url, status, body] of sent)
    expect([method, url, await send({ method, url, ...(body && { body }) })]).toEqual([method, url, status])
}

const nothing = { resourceType: 'Parameters' }

const live = async (door: Door): Promise<void> => {
  const { type, send } = door
  const conditional = { method: 'POST', url: type, body: bare(type), ifNoneExist: 'identifier=a|b' }
  expect(await send(conditional)).toBe(201)
  await inOrder(door, [
    ['PUT', `${type}/large`, 201, large(type, 'large')],
    ['PUT', `${type}/large`, 200, large(type, 'large')],
    ['GET', `${type}/large`, 200],
    ['GET', `${type}/large/_history`, 200],
    ['GET', `${type}/_history`, 200],
    ['GET', `${type}?_id=large`, 200],
    ['DELETE', `${type}/large`, 204],
    ['POST', `${type}/large/$purge`, 200, nothing],
  ])
}

/** The first that a function's process looks for is not there: what it has asked of open transactions it trusts for five seconds. */
const meetDead = async (door: Door): Promise<void> => {
  const { type } = door
  const committed = await leave(pastRights(stack), type, 'committed')
  await inOrder(door, [
    ['GET', `${type}/${committed.fresh}`, 200],
    ['PUT', `${type}/${committed.old}`, 200, bare(type, committed.old)],
    ['PUT', `${type}/${committed.named}`, 200, bare(type, committed.named)],
  ])
  const aborted = await leave(pastRights(stack), type, 'aborted')
  await inOrder(door, [
    ['PUT', `${type}/${aborted.old}`, 200, bare(type, aborted.old)],
    ['PUT', `${type}/${aborted.named}`, 201, bare(type, aborted.named)],
    ['GET', `${type}/${aborted.fresh}`, 404],
  ])
}

/** Two resources of one write share entries: those are repaired item by item. */
const repair = async (door: Door): Promise<void> => {
  const { type } = door
  const place = pastRights(stack)
  const pair = ['shared-a', 'shared-b'].map((id) => ({ ...bareWrite({ type, id }), text: textOf(type, id) }))
  await openStore(place)(tenant).commit(pair)
  expect(await loseEntries(place, { type, id: 'shared-a' })).toBeGreaterThan(0)
  await putStale(place, type)
  await inOrder(door, [['POST', `${type}/$check-index?repair=true`, 200, nothing]])
}

const textOf = (type: string, id: string): string => JSON.stringify(bare(type, id))

for (const id of [
  'PatientFunction',
  'ObservationFunction',
  'ResourceFunction',
  'BundleFunction',
  'JobFunction',
])
  test(`${id} may do what its requests need, over what dead writers left too`, async () => {
    const door = doorOf(id)
    await meetDead(door)
    await live(door)
    await repair(door)
  }, 120_000)

const provenance = JSON.stringify({
  resourceType: 'Provenance',
  recorded: '2026-11-30T10:00:00Z',
  agent: [{ who: { display: 'somebody' } }],
})

const many = (resourceType: string, length: number) =>
  Array.from({ length }, (_, at) => ({ reference: `${resourceType}/many-${at}` }))

/** 99 watched targets, the subject among them: with the resource and its Provenance that is one too many for one call. */
const wide: Readonly<Record<string, object>> = {
  Patient: { generalPractitioner: many('Practitioner', 99) },
  Observation: { hasMember: many('Observation', 98) },
  Encounter: { account: many('Account', 98) },
}

const single = (type: string) => ({ type, id: `${type}Function` })

for (const { type, id } of [
  single('Patient'),
  single('Observation'),
  { type: 'Encounter', id: 'ResourceFunction' },
])
  test(`${id} may commit what is too wide for one call, and defer a search`, async () => {
    const body = { ...bare(type), ...wide[type] }
    const headers = { 'x-provenance': provenance }
    expect((await askStack(stack, { method: 'POST', url: type, body }, headers)).status).toBe(201)
    await resultOf(
      await askStack(stack, { method: 'GET', url: `${type}?_id=a` }, { prefer: 'respond-async' }),
    )
  }, 60_000)

const transactionOf = (count: number, type: string) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: Array.from({ length: count }, () => ({
    resource: bare(type),
    request: { method: 'POST', url: type },
  })),
})

/** Keeps a result that is too large for an item, under the name of a caller's key. */
const keepLargeResult = async (id: string): Promise<void> => {
  const store = openStore(withRightsOf(stack, id))(tenant)
  const name = `once|${openClaims.sub}|${id}`
  const lock = await store.lock([name])
  const kept = { print: 'print', result: filler() + filler() }
  await store.keepResult(name, lock, kept)
  await store.commit([bareWrite({ type: 'Basic', id: `large-${id}` })], lock)
  expect(await store.keptResult(name)).toEqual(kept)
}

for (const { id, headers } of [
  { id: 'BundleFunction', headers: {} },
  { id: 'JobFunction', headers: { prefer: 'respond-async' } },
])
  test(`${id} may commit a large transaction, keep a large result under a key, and read the result of a job`, async () => {
    const body = transactionOf(101, 'Basic')
    const response = await askStack(stack, { method: 'POST', url: '', body }, headers)
    if (response.status === 202) await resultOf(response)
    else expect(response.status).toBe(200)
    const deferred = await askStack(stack, { method: 'GET', url: '_history' }, { prefer: 'respond-async' })
    await resultOf(deferred)
    const job = new URL(deferred.headers.get('content-location') ?? '').pathname.split('/').at(-1)
    await inOrder(doorOf(id), [['GET', `_jobs/${job}`, 200]])
    await keepLargeResult(id)
  }, 60_000)

test('a key that was used for a Bundle with a large result is refused by the other functions', async () => {
  for (const { id, type } of doorsOf(stack).slice(0, 3)) {
    const headers = { 'idempotency-key': 'BundleFunction' }
    const response = await askStack(stack, { method: 'POST', url: type, body: bare(type) }, headers)
    expect([id, response.status]).toEqual([id, 409])
  }
}, 60_000)

const definition = (id: string) => ({
  resourceType: 'SearchParameter',
  id,
  status: 'active',
  url: `http://example.org/SearchParameter/${id}`,
  name: 'Ward',
  description: 'The ward',
  code: id,
  base: ['Group'],
  type: 'token',
  expression: `Group.extension('urn:${id}').value`,
})

for (const id of ['ResourceFunction', 'BundleFunction', 'JobFunction'])
  test(`${id} may publish definitions, and read the history of the system`, async () => {
    const door = doorOf(id)
    const name = `ward-${id.toLowerCase()}`
    await inOrder(door, [
      ['PUT', `SearchParameter/${name}`, 201, definition(name)],
      ['GET', '_history', 200],
    ])
    expect((await fetch(`${stack.url}/metadata`)).status).toBe(200)
  }, 60_000)

test('JobFunction may archive what failed, and compact the archive', async () => {
  const archive = openArchive(pastRights(stack))
  for (const prefix of failedPrefixes) await archive.putPlain(`${prefix}none.json`, failedText([], 'Error'))
  const version = {
    tenant,
    type: 'Basic',
    id: 'archived',
    t: '2026-01-01T10:00:00.000Z',
    w: 'w',
    method: 'PUT',
  } as const
  for (const v of [1, 2]) {
    const text = `${archiveLine({ ...version, v, deleted: false, text: textOf('Basic', 'archived') })}\n`
    await archive.put(archiveKey(tenant, 'Basic', '2026-01-01', `batch-${v}`), text)
  }
  for (const url of ['$replay-archive', '$compact-archive']) {
    const begun = await askStack(stack, { method: 'POST', url })
    const { parameter } = (await begun.json()) as { parameter: { valueUrl: string }[] }
    await resultAt(parameter[0]?.valueUrl ?? '')
  }
  const left: string[] = []
  for await (const key of archive.keys(`archive/resources/${tenant}/Basic/2026-01-01/`)) left.push(key)
  expect(left).toHaveLength(1)
}, 60_000)

/** Group is what the definitions above are about. */
const group = (id: string, wards: readonly string[]) => ({
  resourceType: 'Group',
  id,
  type: 'person',
  actual: true,
  extension: wards.map((ward) => ({ url: `urn:ward-${ward}function`, valueCode: 'w' })),
})

test('StreamFunction may index, clear away, set aside and settle what writers left', async () => {
  const place = pastRights(stack)
  const store = openStore(place)(tenant)
  const pair = ['late-a', 'late-b'].map((id) => ({
    ...bareWrite({ type: 'Group', id }),
    text: JSON.stringify(group(id, ['resource'])),
  }))
  await store.commit(pair)
  await stack.drained()
  const shared = await store.get(pair)
  for (const { id } of pair)
    await inOrder(doorOf('ResourceFunction'), [['PUT', `Group/${id}`, 200, group(id, ['bundle'])]])
  const alone = await store.get(pair)
  for (const { id } of pair)
    await inOrder(doorOf('ResourceFunction'), [['PUT', `Group/${id}`, 200, group(id, ['job'])]])
  const past = [...shared, ...alone].filter((version) => version !== undefined)
  expect(past).toHaveLength(4)
  await keepSuperseded(openSession(place)(tenant), past, Date.now() - 1_000)
  await putWithoutBody(place, { type: 'Group', id: 'bodiless' })
  await stack.drained()
  await leave(place, 'Basic', 'aborted')
  await leave(place, 'Library', 'committed')
  await openSweeper(withRightsOf(stack, 'StreamFunction'))(tenant)
}, 60_000)

test('no function was denied a right, and none has one that nothing here used', () => {
  const { ledger } = stack.strict
  const principals = readTemplate().functions.map(({ id, statements }) => ({ name: id, statements }))
  expect(principals.flatMap(rightsOfPrincipal).length).toBeGreaterThan(150)
  const lines = [
    ...ledger.used().map((right) => `used ${ledgerLine(right)}`),
    ...ledger.denied().map((denial) => `denied ${ledgerLine(denial)}`),
  ]
  expect(rightsReport(principals, lines.join('\n'))).toEqual({ denied: [], unused: [] })
})
