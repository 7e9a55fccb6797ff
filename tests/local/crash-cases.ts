import type { Asking } from '../handlers/caller.ts'

/** What is asked in a run. */
export type Asks = (run: string) => [method: string, target: string, asking: Asking]

/** One request, what stands there before it, and how it may be repeated. */
export interface CrashCase {
  /** Resources by the marks of their ids that are put before. */
  old: readonly string[]
  /** What is asked before, besides. */
  besides?: Asks
  ask: Asks
  /** Settings of the deployment. */
  env?: Readonly<Record<string, string>>
  /** What is served at last: marks and versions of the living. */
  becomes: Readonly<Record<string, number>>
  /** Whether a repetition does no more than the first: otherwise it is repeated only where nothing was done. */
  repeatable?: true
  /** Whether each repetition is answered as the first was. */
  keyed?: true
  /** Whether it is done step by step, so that a crash may leave a part of it, which a repetition completes. */
  partial?: true
  /** Whether it reads so much that only the calls which write are counted: nothing changes between two others. */
  reading?: true
  /** Whether only some of its many calls are tried each time. */
  long?: true
}

/** A resource of one run: found by its run, by its mark, by its patient, and by its id where it has one. */
export const observation = (run: string, mark: string, id?: string) => ({
  resourceType: 'Observation',
  ...(id && { id: `${run}-${id}` }),
  status: 'final',
  identifier: [{ system: 'urn:crash', value: run }],
  code: { coding: [{ system: 'urn:crash', code: `${run}-${mark}` }] },
  subject: { reference: `Patient/${run}` },
  effectiveDateTime: '2026-03-01',
})

const url = (run: string, id: string): string => `Observation/${run}-${id}`

type Entry = (run: string) => object

const post: Entry = (run) => ({
  resource: observation(run, 'new'),
  request: { method: 'POST', url: 'Observation' },
})

const put =
  (id: string): Entry =>
  (run) => ({ resource: observation(run, 'new', id), request: { method: 'PUT', url: url(run, id) } })

const remove =
  (id: string): Entry =>
  (run) => ({ request: { method: 'DELETE', url: url(run, id) } })

const jsonPatch = (run: string): string =>
  JSON.stringify([{ op: 'replace', path: '/code/coding/0/code', value: `${run}-new` }])

const patch =
  (id: string): Entry =>
  (run) => ({
    resource: {
      resourceType: 'Binary',
      contentType: 'application/json-patch+json',
      data: Buffer.from(jsonPatch(run)).toString('base64'),
    },
    request: { method: 'PATCH', url: url(run, id) },
  })

const referring =
  (id: string): Entry =>
  (run) => ({
    resource: { ...observation(run, 'new'), derivedFrom: [{ reference: url(run, id) }] },
    request: { method: 'POST', url: 'Observation' },
  })

const keeping = { DELETION_OF_REFERRED: 'refuse' }

const times = (count: number, entry: (i: number) => Entry): Entry[] =>
  Array.from({ length: count }, (_, i) => entry(i))

const transaction =
  (entries: readonly Entry[], headers: Record<string, string> = {}): Asks =>
  (run) => [
    'POST',
    '/',
    {
      headers,
      body: { resourceType: 'Bundle', type: 'transaction', entry: entries.map((entry) => entry(run)) },
    },
  ]

const key = (run: string): Record<string, string> => ({ 'Idempotency-Key': run })

const few = [post, remove('a'), put('b'), patch('c'), put('d'), post]
const changed = { 'new 1': 3, 'new 2': 2 }

/** The names are the interactions, the entries what a crash must leave whole. */
export const crashCases: Readonly<Record<string, CrashCase>> = {
  create: {
    old: [],
    ask: (run) => ['POST', '/Observation', { body: observation(run, 'new') }],
    becomes: { 'new 1': 1 },
  },
  'create under a key': {
    old: [],
    ask: (run) => ['POST', '/Observation', { body: observation(run, 'new'), headers: key(run) }],
    becomes: { 'new 1': 1 },
    repeatable: true,
    keyed: true,
  },
  'conditional create': {
    old: [],
    ask: (run) => [
      'POST',
      '/Observation',
      { body: observation(run, 'new'), headers: { 'If-None-Exist': `identifier=urn:crash|${run}` } },
    ],
    becomes: { 'new 1': 1 },
    repeatable: true,
  },
  update: {
    old: ['a'],
    ask: (run) => ['PUT', `/${url(run, 'a')}`, { body: observation(run, 'new', 'a') }],
    becomes: { 'new 2': 1 },
    repeatable: true,
  },
  'conditional update': {
    old: ['a'],
    ask: (run) => ['PUT', `/Observation?identifier=urn:crash|${run}`, { body: observation(run, 'new') }],
    becomes: { 'new 2': 1 },
    repeatable: true,
  },
  patch: {
    old: ['a'],
    ask: (run) => [
      'PATCH',
      `/${url(run, 'a')}`,
      { body: jsonPatch(run), headers: { 'Content-Type': 'application/json-patch+json' } },
    ],
    becomes: { 'new 2': 1 },
    repeatable: true,
  },
  delete: {
    old: ['a', 'b'],
    ask: (run) => ['DELETE', `/${url(run, 'a')}`, {}],
    becomes: { 'old 1': 1 },
    repeatable: true,
  },
  'update with its provenance': {
    old: ['a'],
    ask: (run) => [
      'PUT',
      `/${url(run, 'a')}`,
      {
        body: observation(run, 'new', 'a'),
        headers: {
          'X-Provenance': JSON.stringify({
            resourceType: 'Provenance',
            recorded: '2026-03-01T10:00:00Z',
            agent: [{ who: { display: run } }],
          }),
        },
      },
    ],
    becomes: { 'new 2': 1 },
    repeatable: true,
  },
  'deletion where what is referred to is kept': {
    old: ['a', 'b'],
    env: keeping,
    reading: true,
    ask: (run) => ['DELETE', `/${url(run, 'a')}`, {}],
    becomes: { 'old 1': 1 },
    repeatable: true,
  },
  'transaction where what is referred to is kept': {
    old: ['a', 'b', 'c'],
    env: keeping,
    reading: true,
    ask: (run) => transaction([...few, referring('b')], key(run))(run),
    becomes: { 'new 1': 4, 'new 2': 2 },
    repeatable: true,
    keyed: true,
  },
  'conditional deletion of several': {
    old: ['a', 'b', 'c'],
    ask: (run) => ['DELETE', `/Observation?identifier=urn:crash|${run}&_count=5`, {}],
    becomes: {},
    repeatable: true,
  },
  'purge of past versions': {
    old: ['a'],
    besides: (run) => ['PUT', `/${url(run, 'a')}`, { body: observation(run, 'new', 'a') }],
    ask: (run) => ['POST', `/${url(run, 'a')}/$purge-history`, {}],
    becomes: { 'new 2': 1 },
    repeatable: true,
    partial: true,
  },
  'batch under a key': {
    old: ['a'],
    ask: (run) => {
      const entry = [post, post, put('a'), post].map((each) => each(run))
      return ['POST', '/', { headers: key(run), body: { resourceType: 'Bundle', type: 'batch', entry } }]
    },
    becomes: { 'new 1': 3, 'new 2': 1 },
    repeatable: true,
    partial: true,
  },
  transaction: { old: ['a', 'b', 'c'], ask: transaction(few), becomes: changed },
  'transaction under a key': {
    old: ['a', 'b', 'c'],
    ask: (run) => transaction(few, key(run))(run),
    becomes: changed,
    repeatable: true,
    keyed: true,
  },
  'large transaction of new resources': {
    old: [],
    ask: transaction(times(110, () => post)),
    becomes: { 'new 1': 110 },
    long: true,
  },
  'large transaction of named resources': {
    old: [],
    ask: transaction(times(104, (i) => put(`n${i}`))),
    becomes: { 'new 1': 104 },
    repeatable: true,
    long: true,
  },
  'large transaction of old and new resources under a key': {
    old: ['a', 'b', 'c'],
    ask: (run) => transaction([...few, ...times(98, () => post)], key(run))(run),
    becomes: { 'new 1': 101, 'new 2': 2 },
    repeatable: true,
    keyed: true,
    long: true,
  },
}
