/** Writes of every kind, and what must be true of each of them afterwards, whatever happened to it. */

/** An answer of the server. */
export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  json: any
}

export type Ask = (
  method: string,
  path: string,
  body?: object,
  headers?: Record<string, string>,
) => Promise<Answer>

/** What was wrong with a write afterwards. */
export type Wrong = 'lost' | 'half' | 'doubled'

/** What the server shows of a write afterwards. */
export interface Found {
  /** The resources that carry its number. */
  count: number
  /** The resource that it wrote twice. */
  basic?: { version: number; text: string }
}

/** A kind of write: how it is made, and what is wrong with what is found of it. */
interface Kind {
  /** Returns whether the server has acknowledged it. */
  write(ask: Ask, number: number): Promise<boolean>
  /** Returns the id of the resource that it writes twice; the others carry its number. */
  id?(number: number): string
  wrong(found: Found, acknowledged: boolean): Wrong | undefined
}

export const system = 'urn:attack'

const observation = (number: number, text = 'attack') => ({
  resourceType: 'Observation',
  status: 'final',
  identifier: [{ system, value: String(number) }],
  code: { text },
})

const basic = (id: string, text: string) => ({ resourceType: 'Basic', id, code: { text } })

const done = ({ status }: Answer): boolean => status === 200 || status === 201 || status === 204

/** Of so many resources there are all or none, and all if that was acknowledged. */
const allOrNone =
  (entries: number): Kind['wrong'] =>
  ({ count }, acknowledged) => {
    if (count > entries) return 'doubled'
    if (count > 0 && count < entries) return 'half'
    return acknowledged && count === 0 ? 'lost' : undefined
  }

/** Who was told that it is gone finds it gone. */
const gone: Kind['wrong'] = ({ count }, acknowledged) => {
  if (count > 1) return 'doubled'
  return acknowledged && count > 0 ? 'lost' : undefined
}

const transaction = (number: number, entries: number, contested: string | undefined) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    ...Array.from({ length: entries }, () => ({
      resource: observation(number),
      request: { method: 'POST', url: 'Observation' },
    })),
    ...(contested === undefined
      ? []
      : [
          {
            resource: basic(contested, String(number)),
            request: { method: 'PUT', url: `Basic/${contested}` },
          },
        ]),
  ],
})

/** Other transactions write this resource at the same time. */
const contestedBy = (number: number): string => `attack-shared-${number % 3}`

const twoVersions = async (ask: Ask, id: string, second: () => Promise<Answer>): Promise<boolean> =>
  done(await ask('PUT', `Basic/${id}`, basic(id, 'first'))) && done(await second())

/** Of a resource that was written twice, the second text is current where that was acknowledged, and no version is too many. */
const second: Kind['wrong'] = ({ basic }, acknowledged) => {
  if (!basic) return acknowledged ? 'lost' : undefined
  if (basic.version > 2) return 'doubled'
  return acknowledged && basic.text !== 'second' ? 'lost' : undefined
}

/** Returns what a client asks that creates a resource of this number unless there is one. */
export const conditionalCreate = (number: number): Parameters<Ask> => [
  'POST',
  'Observation',
  observation(number),
  { 'If-None-Exist': `identifier=${system}|${number}` },
]

export const kinds: Readonly<Record<string, Kind>> = {
  create: {
    write: async (ask, number) => done(await ask('POST', 'Observation', observation(number))),
    wrong: allOrNone(1),
  },
  'conditional create': {
    write: async (ask, number) => {
      const create = () => ask(...conditionalCreate(number))
      const answers = [...(await Promise.all([create(), create()])), await create()]
      return answers.some(done)
    },
    wrong: allOrNone(1),
  },
  update: {
    write: (ask, number) => {
      const id = `attack-update-${number}`
      return twoVersions(ask, id, () => ask('PUT', `Basic/${id}`, basic(id, 'second')))
    },
    id: (number) => `attack-update-${number}`,
    wrong: second,
  },
  patch: {
    write: (ask, number) => {
      const id = `attack-patch-${number}`
      const patch = [{ op: 'replace', path: '/code/text', value: 'second' }]
      const headers = { 'Content-Type': 'application/json-patch+json' }
      return twoVersions(ask, id, () => ask('PATCH', `Basic/${id}`, patch, headers))
    },
    id: (number) => `attack-patch-${number}`,
    wrong: second,
  },
  'conditional update': {
    write: async (ask, number) => {
      const update = () => ask('PUT', `Observation?identifier=${system}%7C${number}`, observation(number))
      return (await Promise.all([update(), update()])).some(done)
    },
    wrong: allOrNone(1),
  },
  delete: {
    write: async (ask, number) => {
      const created = await ask('POST', 'Observation', observation(number))
      return done(created) && done(await ask('DELETE', `Observation/${created.json.id}`))
    },
    wrong: gone,
  },
  'conditional delete': {
    write: async (ask, number) => {
      if (!done(await ask('POST', 'Observation', observation(number)))) return false
      return done(await ask('DELETE', `Observation?identifier=${system}%7C${number}`))
    },
    wrong: gone,
  },
  transaction: {
    write: async (ask, number) => done(await ask('POST', '', transaction(number, 4, contestedBy(number)))),
    wrong: allOrNone(4),
  },
  'large transaction': {
    write: async (ask, number) => done(await ask('POST', '', transaction(number, 120, contestedBy(number)))),
    wrong: allOrNone(120),
  },
  'large transaction of new resources': {
    write: async (ask, number) => done(await ask('POST', '', transaction(number, 120, undefined))),
    wrong: allOrNone(120),
  },
  'transaction under a key': {
    write: async (ask, number) => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const headers = { 'Idempotency-Key': `attack-${number}` }
        if (done(await ask('POST', '', transaction(number, 3, undefined), headers))) return true
      }
      return false
    },
    wrong: allOrNone(3),
  },
  batch: {
    write: async (ask, number) => {
      const bundle = { ...transaction(number, 1, undefined), type: 'batch' }
      const { status, json } = await ask('POST', '', bundle)
      return status === 200 && String(json.entry?.[0]?.response?.status).startsWith('201')
    },
    wrong: allOrNone(1),
  },
}
