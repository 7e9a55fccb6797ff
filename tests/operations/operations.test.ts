import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const base = 'https://api.example.org/fhir'

const observation = (id: string, patient: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: '2026-01-01T08:00:00Z',
  ...more,
})

beforeAll(async () => {
  server = await startServer()
  const put = (resource: { resourceType: string; id: string }) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  })
  const entry = [
    put({ resourceType: 'Patient', id: 'ann' }),
    put({ resourceType: 'Patient', id: 'bob' }),
    put({ resourceType: 'Practitioner', id: 'dr' }),
    ...Array.from({ length: 25 }, (_, i) =>
      put(observation(`a${i}`, 'ann', { performer: [{ reference: 'Practitioner/dr' }] })),
    ),
    put(observation('b0', 'bob')),
  ]
  await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  await ask('PUT', '/Observation/a0', { body: observation('a0', 'bob') })
  await ask('PUT', '/Observation/a1', { body: observation('a1', 'ann', { effectiveDateTime: '2026-02-01' }) })
  await ask('DELETE', '/Observation/a2')
})
afterAll(() => server?.stop())

type Entry = { resource: { resourceType: string; id: string }; search: { mode: string } }
const pathsOf = (entries: Entry[]) => entries.map(({ resource }) => `${resource.resourceType}/${resource.id}`)

const expected = ['Patient/ann', ...Array.from({ length: 24 }, (_, i) => `Observation/a${i + 1}`)].filter(
  (path) => path !== 'Observation/a2',
)

test('everything of a patient is the patient, the compartment as it is now, and who took part', async () => {
  const { status, json } = await ask('GET', '/Patient/ann/$everything')
  expect(status).toBe(200)
  const matches = json.entry.filter(({ search }: Entry) => search.mode === 'match')
  expect(pathsOf(matches).sort()).toEqual([...expected].sort())
  const included = json.entry.filter(({ search }: Entry) => search.mode === 'include')
  expect(pathsOf(included)).toEqual(['Practitioner/dr'])
})

/** Follows the `next` links and returns what all pages have of a mode. */
const everyPage = async (target: string, mode = 'match'): Promise<string[]> => {
  const found: string[] = []
  let url: string | undefined = base + target
  while (url) {
    const { json } = await ask('GET', url.slice(base.length))
    found.push(...pathsOf((json.entry ?? []).filter(({ search }: Entry) => search.mode === mode)))
    url = json.link.find(({ relation }: { relation: string }) => relation === 'next')?.url
  }
  return found
}

test('everything comes in pages, each resource once', async () => {
  for (const count of [7, 1]) {
    const target = `/Patient/ann/$everything?_count=${count}`
    expect((await everyPage(target)).toSorted()).toEqual(expected.toSorted())
    const { json } = await ask('GET', target)
    expect(json.entry.filter(({ search }: Entry) => search.mode === 'match')).toHaveLength(count)
  }
})

test('everything has what is left, though something that was told is deleted meanwhile', async () => {
  const put = (resource: { resourceType: string; id: string }) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  })
  const names = Array.from({ length: 9 }, (_, i) => `eve${i}`)
  const entry = [
    put({ resourceType: 'Patient', id: 'eve' }),
    ...names.map((id) => put(observation(id, 'eve'))),
  ]
  await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  const { json } = await ask('GET', '/Patient/eve/$everything?_count=3')
  const told = pathsOf(json.entry).slice(1)
  expect(told).toHaveLength(2)
  for (const path of told) await ask('DELETE', `/${path}`)
  const { url } = json.link.find(({ relation }: { relation: string }) => relation === 'next')
  const rest = await everyPage(url.slice(base.length))
  expect([...told, ...rest].toSorted()).toEqual(names.map((id) => `Observation/${id}`))
  await ask('DELETE', '/Patient/eve')
  for (const path of rest) await ask('DELETE', `/${path}`)
})

describe('everything of all patients', () => {
  const all = [...expected, 'Patient/bob', 'Observation/a0', 'Observation/b0']

  test('is every patient with what is theirs, each resource once, and nothing of others', async () => {
    await ask('PUT', '/Observation/x0', { body: observation('x0', 'nobody') })
    await ask('PUT', '/Observation/x1', {
      body: observation('x1', '', { subject: { reference: 'Location/x' } }),
    })
    for (const query of ['?_count=7', '?_count=1&_type=Patient,Observation'])
      expect((await everyPage(`/Patient/$everything${query}`)).toSorted(), query).toEqual(all.toSorted())
    expect(await everyPage('/Patient/$everything', 'include')).toEqual(['Practitioner/dr'])
  })

  test('can be narrowed by type, also to what is only referred to', async () => {
    expect((await everyPage('/Patient/$everything?_type=Patient&_count=1')).sort()).toEqual([
      'Patient/ann',
      'Patient/bob',
    ])
    const target = '/Patient/$everything?_type=Practitioner&_count=1000'
    expect([await everyPage(target), await everyPage(target, 'include')]).toEqual([[], ['Practitioner/dr']])
    expect(await everyPage('/Patient/ann/$everything?_type=Practitioner', 'include')).toEqual([
      'Practitioner/dr',
    ])
  })

  test('since a time is what changed since then', async () => {
    const { json } = await ask('GET', '/Observation/a1')
    const since = await everyPage(`/Patient/$everything?_since=${json.meta.lastUpdated}&_count=1`)
    expect(since).toEqual(['Observation/a1'])
    expect(await everyPage('/Patient/$everything?_since=2999-01-01T00:00:00Z')).toEqual([])
  })

  test('is asked by POST too, and goes on by the links', async () => {
    const { json } = await ask('POST', '/Patient/$everything', {
      body: parameters({ name: '_count', valueInteger: 20 }, { name: '_type', valueCode: 'Observation' }),
    })
    expect(json.entry).toHaveLength(20)
    const { url } = json.link.find(({ relation }: { relation: string }) => relation === 'next')
    expect(await everyPage(url.slice(base.length))).toHaveLength(all.length - 2 - 20)
  })
})

describe('an answer is cut as the query wants it', () => {
  const resourceIn = ({ json }: { json: { entry: { resource: object }[] } }) => json.entry[0]?.resource

  test.each([
    ['/Patient/ann/$everything?_type=Observation&_count=3&_elements=Observation.status', 'status'],
    ['/Observation/$lastn?patient=ann&_elements=status', 'status'],
    ['/Patient/$everything?_type=Observation&_summary=text', 'status'],
  ])('of %s the entries', async (target, kept) => {
    const resource = resourceIn(await ask('GET', target))
    expect(Object.keys(resource ?? {})).toEqual(expect.arrayContaining(['resourceType', 'id', 'meta', kept]))
    expect(resource).toMatchObject({ meta: { tag: [{ code: 'SUBSETTED' }] } })
    expect(resource).not.toHaveProperty('effectiveDateTime')
  })

  test('of an expansion the value set', async () => {
    const url = 'http://hl7.org/fhir/ValueSet/administrative-gender'
    const { json } = await ask('GET', `/ValueSet/$expand?url=${url}&_elements=url`)
    expect(Object.keys(json).toSorted()).toEqual(['id', 'meta', 'resourceType', 'status', 'url'])
  })

  test.each(['/Patient/ann/$everything', '/Observation/$stats'])(
    'by what stands in the URL of %s, not among its Parameters',
    async (target) => {
      const { status, json } = await ask('POST', target, {
        body: parameters({ name: '_elements', valueString: 'status' }),
      })
      expect([status, json.issue[0].diagnostics]).toEqual([400, expect.stringContaining('in the URL')])
    },
  )

  test.each([
    '/Patient/ann/$meta?_elements=tag',
    '/Patient/ann/$validate?_summary=true',
    '/Patient/ann/$everything?_elements=colour',
    '/Patient/ann/$everything?_summary=count',
  ])('and %s is refused, of which nothing can be cut', async (target) => {
    expect((await ask('GET', target)).status).toBe(400)
    expect((await ask('GET', '/Patient/ann/$meta?_summary=false')).status).toBe(200)
  })
})

test('everything of a patient has what is attached', async () => {
  await ask('PUT', '/Patient/attached', { body: { resourceType: 'Patient', id: 'attached' } })
  await ask('PUT', '/Binary/scan', {
    body: { resourceType: 'Binary', id: 'scan', contentType: 'text/plain', data: 'eA==' },
  })
  await ask('PUT', '/DocumentReference/scanned', {
    body: {
      resourceType: 'DocumentReference',
      id: 'scanned',
      status: 'current',
      subject: { reference: 'Patient/attached' },
      content: [{ attachment: { url: 'Binary/scan' } }],
    },
  })
  expect(await everyPage('/Patient/attached/$everything', 'include')).toEqual(['Binary/scan'])
})

test('everything of a time is what was done then, and what has no date', async () => {
  await ask('PUT', '/Patient/dated', { body: { resourceType: 'Patient', id: 'dated' } })
  const observation = (id: string, date: object) =>
    ask('PUT', `/Observation/${id}`, {
      body: {
        resourceType: 'Observation',
        id,
        status: 'final',
        code: { text: 'x' },
        subject: { reference: 'Patient/dated' },
        ...date,
      },
    })
  await observation('y24', { effectiveDateTime: '2024-06' })
  await observation('y25', { effectiveDateTime: '2025-03-01T23:30:00Z' })
  await observation('long', { effectivePeriod: { start: '2024-12-30', end: '2025-01-02' } })
  await observation('undated', {})
  const ids = async (query: string) =>
    (await ask('GET', `/Patient/dated/$everything?${query}`)).json.entry
      .map(({ resource }: { resource: { id: string } }) => resource.id)
      .toSorted()
  expect(await ids('start=2025')).toEqual(['dated', 'long', 'undated', 'y25'])
  expect(await ids('end=2024')).toEqual(['dated', 'long', 'undated', 'y24'])
  expect(await ids('start=2025-03-01&end=2025-03-01')).toEqual(['dated', 'undated', 'y25'])
  const posted = await ask('POST', '/Patient/dated/$everything', {
    body: parameters({ name: 'start', valueDate: '2025-02-01' }),
  })
  expect(posted.json.entry).toHaveLength(3)
  expect((await ask('GET', '/Patient/dated/$everything?start=then')).status).toBe(400)
})

test.each(['/$versions', '/Patient/ann/$meta', '/Observation/$meta', '/Patient/ann/$everything'])(
  '%s is invoked by POST as by GET',
  async (target) => {
    const [get, post] = [await ask('GET', target), await ask('POST', target, { body: parameters() })]
    expect([post.status, post.json.resourceType]).toEqual([200, get.json.resourceType])
    expect((await ask('POST', target)).status).toBe(200)
  },
)

test('everything can be narrowed by type', async () => {
  const { json } = await ask('GET', '/Patient/ann/$everything?_type=Patient')
  expect(pathsOf(json.entry)).toEqual(['Patient/ann'])
})

test.each([
  ['/Patient/nobody/$everything', 404],
  ['/Patient/ann/$everything?colour=red', 400],
  ['/Patient/ann/$everything?_cursor=x', 400],
  ['/Patient/$everything?_cursor=x', 400],
  ['/Patient/$everything?_cursor=WyJTbG90IiwiIl0', 400],
  ['/Patient/$everything?_count=0', 400],
  ['/Patient/ann/$everything?_count=1&_count=2', 400],
  ['/Patient/ann/$everything?_type=Nonsense', 404],
  ['/Observation/b0/$everything', 404],
])('%s is answered with %i', async (target, status) => {
  expect((await ask('GET', target)).status).toBe(status)
})

const narrative = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' }

test.each([
  ['a valid resource', { resourceType: 'Patient', text: narrative }, 'information'],
  ['a resource without what is advised', { resourceType: 'Patient' }, 'warning'],
  ['an invalid resource', { resourceType: 'Patient', colour: 'red' }, 'error'],
  ['another type', { resourceType: 'Group' }, 'error'],
  [
    'a resource in Parameters',
    {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient', gender: 'x' } }],
    },
    'error',
  ],
])('validates %s and stores nothing', async (_, body, severity) => {
  const { status, json } = await ask('POST', '/Patient/$validate', { body })
  expect([status, json.resourceType, json.issue[0].severity]).toEqual([200, 'OperationOutcome', severity])
})

test('tells the meta of a resource', async () => {
  const { json } = await ask('GET', '/Observation/a1/$meta')
  expect(json.parameter[0].valueMeta.versionId).toBe('2')
})

test('are stated where they are served', async () => {
  const { json } = await ask('GET', '/metadata', { open: true })
  const of = (type: string) =>
    json.rest[0].resource
      .find((resource: { type: string }) => resource.type === type)
      .operation.map(({ name }: { name: string }) => name)
  const everywhere = ['validate', 'meta', 'meta-add', 'meta-delete', 'check-index', 'purge-history', 'purge']
  expect(of('Patient')).toEqual(expect.arrayContaining([...everywhere, 'everything']))
  expect(of('Observation')).toEqual(expect.arrayContaining([...everywhere, 'lastn', 'stats']))
  expect(of('Observation')).not.toContain('everything')
  expect(json.rest[0].operation.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['versions', 'upload']),
  )
})

const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter })

describe('the labels in use', () => {
  const labels = async (target: string) => {
    const { json } = await ask('GET', target)
    const { profile = [], security = [], tag = [] } = json.parameter[0].valueMeta
    const codes = [...security, ...tag].map(
      ({ system, code }: { system?: string; code: string }) => `${system}|${code}`,
    )
    return [...profile, ...codes].filter((label: string) => label.includes('labels')).toSorted()
  }
  const basic = (id: string, meta?: object) =>
    ask('PUT', `/Basic/${id}`, { body: { resourceType: 'Basic', id, meta, code: { text: 'x' } } })

  test('are told of a type and of all, and no more once nothing has them', async () => {
    await basic('l1', {
      profile: ['urn:labels:a,b$c'],
      security: [{ system: 'urn:labels', code: 'R', display: 'restricted' }],
    })
    await basic('l2', { tag: [{ system: 'urn:labels', code: 'x|y' }, { code: 'labels-only' }] })
    await ask('PUT', '/Flag/l3', {
      body: {
        resourceType: 'Flag',
        id: 'l3',
        meta: { tag: [{ system: 'urn:labels', code: 'flag' }] },
        status: 'active',
        code: { text: 'x' },
        subject: { reference: 'Patient/a' },
      },
    })
    const ofBasic = ['undefined|labels-only', 'urn:labels:a,b$c', 'urn:labels|R', 'urn:labels|x|y']
    expect(await labels('/Basic/$meta')).toEqual(ofBasic)
    expect(await labels('/Flag/$meta')).toEqual(['urn:labels|flag'])
    expect(await labels('/$meta')).toEqual([...ofBasic, 'urn:labels|flag'].toSorted())
    await basic('l1')
    await ask('DELETE', '/Basic/l2')
    expect(await labels('/Basic/$meta')).toEqual([])
    expect(await labels('/$meta')).toEqual(['urn:labels|flag'])
  })

  test('of a past version are those it had', async () => {
    expect(await labels('/Basic/l1/_history/1/$meta')).toEqual(['urn:labels:a,b$c', 'urn:labels|R'])
    expect((await ask('GET', '/Basic/l1/_history/9/$meta')).status).toBe(404)
    expect((await ask('POST', '/Basic/l1/_history/1/$meta-add', { body: parameters() })).status).toBe(404)
  })
})

describe('meta', () => {
  const tag = (code: string) => ({ system: 'urn:t', code })
  const meta = (value: object) => parameters({ name: 'meta', valueMeta: value })

  test('is added to and taken from, as a new version, digits untouched', async () => {
    const body =
      '{"resourceType":"Basic","id":"m","meta":{"tag":[{"system":"urn:t","code":"a"}]},"extension":[{"url":"urn:x","valueDecimal":1.00}],"code":{"text":"x"}}'
    await ask('PUT', '/Basic/m', { body })
    const added = await ask('POST', '/Basic/m/$meta-add', {
      body: meta({ tag: [tag('a'), tag('b')], profile: ['http://example.org/p'] }),
    })
    expect(added.json.parameter[0].valueMeta).toMatchObject({
      versionId: '2',
      tag: [tag('a'), tag('b')],
      profile: ['http://example.org/p'],
    })
    expect((await ask('GET', '/Basic?_tag=urn:t|b')).json.total).toBe(1)
    const deleted = await ask('POST', '/Basic/m/$meta-delete', { body: meta({ tag: [tag('a')] }) })
    expect(deleted.json.parameter[0].valueMeta).toMatchObject({ versionId: '3', tag: [tag('b')] })
    expect((await ask('GET', '/Basic/m')).text).toContain('1.00')
    expect((await ask('GET', '/Basic/m/$meta')).json.parameter[0].valueMeta.versionId).toBe('3')
  })

  test('of nothing, or without a meta, is refused', async () => {
    expect((await ask('POST', '/Basic/none/$meta-add', { body: meta({ tag: [tag('a')] }) })).status).toBe(404)
    expect((await ask('POST', '/Basic/m/$meta-add', { body: parameters() })).status).toBe(400)
  })

  test.each([
    ['a tag that is nothing', meta({ tag: [null] })],
    ['a tag that is no list', meta({ tag: tag('a') })],
    ['a member that Meta has not', meta({ tag: [tag('a')], colour: 'red' })],
    ['two metas', parameters(...[1, 2].map((n) => ({ name: 'meta', valueMeta: { tag: [tag(`${n}`)] } })))],
    ['an unknown parameter', parameters({ name: 'colour', valueString: 'red' })],
    ['another resource', { resourceType: 'Patient' }],
  ])('with %s is refused', async (_, body) => {
    expect((await ask('POST', '/Basic/m/$meta-add', { body })).status).toBe(400)
  })
})

describe('observations', () => {
  const reading = (id: string, code: string, day: string, value: string) =>
    `{"resourceType":"Observation","id":"${id}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"${code}"}]},"subject":{"reference":"Patient/cat"},"effectiveDateTime":"2026-03-${day}","valueQuantity":{"value":${value},"unit":"Cel","system":"http://unitsofmeasure.org","code":"Cel"}}`

  beforeAll(async () => {
    await ask('PUT', '/Patient/cat', { body: { resourceType: 'Patient', id: 'cat' } })
    for (const [i, value] of ['36.60', '37.1', '36.9', '38.0'].entries())
      await ask('PUT', `/Observation/t${i}`, { body: reading(`t${i}`, '8310-5', `0${i + 1}`, value) })
    for (const i of [1, 2])
      await ask('PUT', `/Observation/h${i}`, { body: reading(`h${i}`, '8867-4', `0${i}`, '60') })
  })

  test('lastn gives the newest of each code', async () => {
    const { json } = await ask('GET', '/Observation/$lastn?patient=cat')
    expect(pathsOf(json.entry)).toEqual(['Observation/t3', 'Observation/h2'])
    const two = await ask('POST', '/Observation/$lastn', {
      body: parameters({ name: 'patient', valueString: 'Patient/cat' }, { name: 'max', valuePositiveInt: 2 }),
    })
    expect(pathsOf(two.json.entry)).toEqual([
      'Observation/t3',
      'Observation/t2',
      'Observation/h2',
      'Observation/h1',
    ])
  })

  test('lastn takes every search parameter, in Parameters too, and says what was asked', async () => {
    const { json } = await ask('POST', '/Observation/$lastn', {
      body: parameters(
        { name: 'patient', valueString: 'cat' },
        { name: 'date', valueString: 'le2026-03-02' },
      ),
    })
    expect(pathsOf(json.entry).toSorted()).toEqual(['Observation/h2', 'Observation/t1'])
    expect(json.link).toEqual([
      { relation: 'self', url: `${base}/Observation/$lastn?patient=cat&date=le2026-03-02` },
    ])
  })

  test.each(['/Observation/$lastn?patient=cat', '/Patient/cat/$everything', '/$versions'])(
    '%s takes Parameters and no other resource',
    async (target) => {
      const { status, json } = await ask('POST', target, { body: { resourceType: 'Patient' } })
      expect([status, json.issue[0].diagnostics]).toEqual([400, expect.stringContaining('takes Parameters')])
    },
  )

  test('lastn takes codes for one thing that stand together anywhere, and tells all of the last moment', async () => {
    const coded = (id: string, day: number, codes: string[], text?: string) =>
      ask('PUT', `/Observation/${id}`, {
        body: observation(id, 'dan', {
          code: { text, coding: codes.map((code) => ({ system: 'urn:c', code })) },
          effectiveDateTime: `2026-04-0${day}`,
        }),
      })
    await ask('PUT', '/Patient/dan', { body: { resourceType: 'Patient', id: 'dan' } })
    await coded('g1', 9, ['a'])
    await coded('g2', 8, ['b'])
    await coded('g3', 7, ['b', 'a'])
    await coded('g4', 6, ['c', 'd'])
    await coded('g5', 6, ['d'])
    await coded('g6', 5, ['d'])
    const last = async (max: number) =>
      pathsOf((await ask('GET', `/Observation/$lastn?patient=dan&max=${max}`)).json.entry)
    expect((await last(1)).toSorted()).toEqual(['Observation/g1', 'Observation/g4', 'Observation/g5'])
    expect(await last(2)).toEqual(['Observation/g1', 'Observation/g2', ...(await last(1)).slice(1)])
    expect(await last(3)).toHaveLength(6)
  })

  test.each([
    ['/Observation/$lastn', 400],
    ['/Observation/$lastn?patient=cat&max=0', 400],
    ['/Observation/$lastn?patient=cat&colour=red', 400],
    ['/Patient/$lastn?patient=cat', 404],
    ['/Observation/$stats?subject=Patient/cat&code=8310-5', 400],
    ['/Observation/$stats?subject=Patient/cat&statistic=sum', 400],
    ['/Observation/$stats?subject=Patient/cat&code=8310-5&statistic=kurtosis', 400],
    ['/Observation/$stats?code=8310-5&statistic=sum', 400],
    ['/Observation/$stats?subject=Patient/cat&code=8310-5&statistic=sum&duration=1e999', 400],
    ['/Observation/$stats?subject=Patient/cat&code=8310-5&statistic=sum&period={', 400],
    ['/Observation/$stats?subject=Patient/cat&code=8310-5&statistic=sum&limit=none', 400],
    ['/Observation/$stats?subject=Patient/cat&code=8310-5&statistic=sum&include=perhaps', 400],
    ['/Observation/$lastn?patient=cat&max=1&max=2', 400],
  ])('%s is answered with %i', async (target, status) => {
    expect((await ask('GET', target)).status).toBe(status)
  })

  test('stats tells exact statistics in the unit of the data', async () => {
    const { text, json } = await ask(
      'GET',
      '/Observation/$stats?subject=Patient/cat&system=http://loinc.org&code=8310-5&statistic=average,maximum,minimum,median,sum,count,std-dev',
    )
    const { component } = json.parameter[0].resource
    const value = (code: string) =>
      component.find((each: { code: { coding: { code: string }[] } }) => each.code.coding[0]?.code === code)
        .valueQuantity
    expect(value('average')).toEqual({
      value: 37.15,
      unit: 'Cel',
      system: 'http://unitsofmeasure.org',
      code: 'Cel',
    })
    expect(['maximum', 'minimum', 'median', 'sum', 'count'].map((code) => value(code).value)).toEqual([
      38, 36.6, 37, 148.6, 4,
    ])
    expect(text).toContain('"value":36.60')
    expect(value('std-dev').value).toBeCloseTo(0.6028, 3)
  })

  test('stats keeps to a period, and gives its sources where asked', async () => {
    const { json } = await ask('POST', '/Observation/$stats', {
      body: parameters(
        { name: 'subject', valueUri: 'Patient/cat' },
        { name: 'coding', valueCoding: { system: 'http://loinc.org', code: '8310-5' } },
        { name: 'period', valuePeriod: { start: '2026-03-02', end: '2026-03-03' } },
        { name: 'statistic', valueCode: 'count' },
        { name: 'include', valueBoolean: true },
      ),
    })
    expect(json.parameter.map(({ name }: { name: string }) => name)).toEqual([
      'statistics',
      'source',
      'source',
    ])
    expect(json.parameter[0].resource.component[0].valueQuantity.value).toBe(2)
  })

  test('stats go by all observations, whatever is given of the sources, and tell the period', async () => {
    await ask('PUT', '/Observation/t9', {
      body: reading('t9', '8310-5', '04', '99').replace('final', 'entered-in-error'),
    })
    const target = '/Observation/$stats?subject=Patient/cat&code=8310-5&statistic=count,total-count'
    const { json } = await ask('GET', `${target}&include=true&limit=1&period=2026-03-01/2026-03-04`)
    const [{ resource: summary }, ...sources] = json.parameter
    expect(
      summary.component.map((each: { valueQuantity: { value: number } }) => each.valueQuantity.value),
    ).toEqual([4, 4])
    expect(summary.effectivePeriod).toEqual({ start: '2026-03-01', end: '2026-03-04' })
    expect(sources).toHaveLength(1)
  })

  test('stats of a panel are those of what is measured in it', async () => {
    const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
    const part = (code: string, value: number) => ({ code: loinc(code), valueQuantity: { value } })
    const put = (id: string, more: object) =>
      ask('PUT', `/Observation/${id}`, { body: observation(id, 'cat', more) })
    await put('p1', { code: loinc('85354-9'), component: [part('8480-6', 120), part('8462-4', 80)] })
    await put('p2', { ...part('8462-4', 90) })
    await put('p3', { code: loinc('85354-9'), hasMember: [{ reference: 'Observation/p2' }] })
    const { json } = await ask(
      'GET',
      '/Observation/$stats?subject=Patient/cat&code=85354-9&statistic=sum,count',
    )
    const told = json.parameter.map(
      ({ resource }: { resource: { code: object; component: { valueQuantity: { value: number } }[] } }) => [
        resource.code,
        ...resource.component.map(({ valueQuantity }) => valueQuantity.value),
      ],
    )
    expect(told).toEqual([
      [loinc('8480-6'), 120, 1],
      [loinc('8462-4'), 170, 2],
    ])
  })
})

test('everything of an encounter is the encounter, what refers to it, and what it refers to', async () => {
  await ask('PUT', '/Encounter/e', {
    body: {
      resourceType: 'Encounter',
      id: 'e',
      status: 'finished',
      class: { code: 'AMB' },
      subject: { reference: 'Patient/ann' },
    },
  })
  await ask('PUT', '/Condition/c', {
    body: {
      resourceType: 'Condition',
      id: 'c',
      subject: { reference: 'Patient/ann' },
      encounter: { reference: 'Encounter/e' },
    },
  })
  expect((await ask('GET', '/Condition/c')).text).toContain('Encounter/e')
  expect((await ask('GET', '/Encounter?_id=e&_revinclude=*')).text).toContain('Condition')
  const { json } = await ask('GET', '/Encounter/e/$everything')
  expect(pathsOf(json.entry).sort()).toEqual(['Condition/c', 'Encounter/e', 'Patient/ann'])
  expect(pathsOf((await ask('GET', '/Encounter/e/$everything?_type=Condition')).json.entry)).toEqual([
    'Condition/c',
  ])
  expect((await ask('GET', '/Encounter/none/$everything')).status).toBe(404)
  const paged = await everyPage('/Encounter/e/$everything?_count=2')
  expect(paged).toEqual(['Encounter/e', 'Condition/c', 'Patient/ann'])
})

test('versions names R4', async () => {
  const { json } = await ask('GET', '/$versions')
  expect(json.parameter).toContainEqual({ name: 'default', valueCode: '4.0' })
})

describe('validate', () => {
  const valid = { resourceType: 'Basic', id: 'v', code: { text: 'x' } }
  const severities = ({ json }: { json: { issue: { severity: string }[] } }) =>
    json.issue.map(({ severity }) => severity).filter((severity) => severity === 'error')
  beforeAll(async () => {
    await ask('PUT', '/Basic/v', { body: valid })
  })

  test.each([
    ['POST', '/Basic/$validate', valid, 0],
    ['POST', '/Basic/$validate?mode=create', { ...valid, colour: 'red' }, 1],
    ['POST', '/Basic/$validate', parameters({ name: 'resource', resource: { resourceType: 'Basic' } }), 1],
    ['POST', '/Basic/v/$validate?mode=update', valid, 0],
    ['POST', '/Basic/v/$validate?mode=update', { ...valid, id: 'w' }, 1],
    [
      'POST',
      '/Basic/w/$validate',
      parameters(
        { name: 'mode', valueCode: 'update' },
        { name: 'resource', resource: { ...valid, id: 'w' } },
      ),
      1,
    ],
    ['GET', '/Basic/v/$validate', undefined, 0],
    ['GET', '/Basic/v/$validate?mode=delete', undefined, 0],
    ['GET', '/Basic/w/$validate?mode=delete', undefined, 1],
    ['POST', '/Basic/$validate', { resourceType: 'Patient' }, 1],
    ['POST', '/Basic/$validate?profile=http://example.org/p', valid, 1],
  ])('%s %s tells what a write would say', async (method, target, body, errors) => {
    const told = await ask(method, target, body === undefined ? {} : { body })
    expect(told.status).toBe(200)
    expect(severities(told)).toHaveLength(errors)
  })

  test('stores nothing', async () => {
    expect((await ask('GET', '/Basic/v')).headers.ETag).toBe('W/"1"')
    expect((await ask('GET', '/Basic/w')).status).toBe(404)
  })

  test.each([
    ['/Basic/$validate?mode=delete', valid, 400],
    ['/Basic/v/$validate?mode=create', valid, 400],
    ['/Basic/$validate?mode=some', valid, 400],
    ['/Basic/$validate?colour=red', valid, 400],
    ['/Basic/$validate', parameters(), 400],
    ['/Basic/$validate?resource=x', valid, 400],
    ['/Basic/$validate?mode=create&mode=update', valid, 400],
    ...[
      { name: 'colour', valueString: 'red' },
      { name: 'mode', valueString: 'remove' },
      { name: 'profile', valueUri: 5 },
      { name: 'resource', resource: valid },
    ].map((part): [string, object, number] => [
      '/Basic/$validate',
      parameters({ name: 'resource', resource: valid }, part),
      400,
    ]),
  ])('%s is answered with the status that its fault has', async (target, body, status) => {
    expect((await ask('POST', target, { body })).status).toBe(status)
  })
})

test('finds nothing wrong with what the server says of itself', async () => {
  for (const path of [
    '/metadata',
    '/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/mimetypes',
    '/Patient?_count=0',
  ]) {
    const { json } = await ask('GET', path)
    const told = await ask('POST', `/${json.resourceType}/$validate`, { body: json })
    const errors = told.json.issue.filter(({ severity }: { severity: string }) => severity === 'error')
    expect(errors, path).toEqual([])
  }
})
