import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import stringWidth from 'string-width'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { table } from '../../client/cli/table.ts'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { projectRoot } from '../../src/local/template/template.ts'

interface Run {
  code: number
  out: string
  err: string
}

const category = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code }],
})
const dose = (occurrenceDateTime: string, status: string) => ({
  resourceType: 'Immunization',
  status,
  vaccineCode: { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '140' }], text: 'Influenza' },
  patient: { reference: patientUrl },
  occurrenceDateTime,
})
const loinc = (code: string, text: string) => ({ coding: [{ system: 'http://loinc.org', code }], text })
const quantity = (value: number, unit: string) => ({
  value,
  unit,
  system: 'http://unitsofmeasure.org',
  code: unit,
})
const post = (fullUrl: string, resource: { resourceType: string }) => ({
  fullUrl,
  resource,
  request: { method: 'POST', url: resource.resourceType },
})

const patientUrl = 'urn:uuid:11111111-1111-4111-8111-111111111111'
const observation = (effectiveDateTime: string, values: object) => ({
  resourceType: 'Observation',
  status: 'final',
  category: [category('vital-signs')],
  subject: { reference: patientUrl },
  effectiveDateTime,
  ...values,
})
const pressure = (day: string, high: number, low: number) =>
  observation(`2026-03-${day}T09:30:00+01:00`, {
    code: loinc('85354-9', 'Blood pressure'),
    component: [
      { code: loinc('8480-6', 'Systolic'), valueQuantity: quantity(high, 'mmHg') },
      { code: loinc('8462-4', 'Diastolic'), valueQuantity: quantity(low, 'mmHg') },
    ],
  })
const weight = (day: string, value: number) =>
  observation(`2026-03-${day}T08:00:00-05:00`, {
    code: loinc('29463-7', 'Body weight'),
    valueQuantity: quantity(value, 'kg'),
  })

const resources = [
  pressure('01', 128, 81),
  pressure('03', 140, 90),
  pressure('02', 120, 70),
  weight('01', 61.5),
  weight('05', 60.123456),
  {
    resourceType: 'Observation',
    status: 'final',
    category: [category('laboratory')],
    subject: { reference: patientUrl },
    effectiveDateTime: '2026-03-02',
    code: loinc('2093-3', 'Cholesterol'),
    valueQuantity: quantity(5.2, 'mmol/L'),
    referenceRange: [{ high: quantity(5, 'mmol/L') }],
  },
  {
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: loinc('57698-3', 'Lipids'),
    subject: { reference: patientUrl },
    result: [{ reference: 'urn:uuid:22222222-2222-4222-8222-222222222225' }],
  },
  dose('2024-10-01', 'completed'),
  dose('2025-10-02', 'not-done'),
]

/** Writes two numbers with the zeros that a number in JavaScript loses. */
const exact = (value: object): string =>
  JSON.stringify(value).replace('"value":61.5,', '"value":61.50,').replace('"value":5.2,', '"value":5.20,')

const transaction = (family: string, ...observations: { resourceType: string }[]) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    post(patientUrl, {
      resourceType: 'Patient',
      name: [{ family, given: ['Zofia'] }],
      birthDate: '1961-04-02',
    } as never),
    ...observations.map((resource, index) =>
      post(`urn:uuid:22222222-2222-4222-8222-22222222222${index}`, resource),
    ),
  ],
})

describe('the command line', () => {
  let stack: Stack
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pilotlight-cli-'))
    stack = await startStack({ environments: 2 })
  })
  afterAll(async () => {
    await stack?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const pilotlightWith = (input: string, ...args: string[]): Promise<Run> =>
    new Promise((resolve) => {
      const env = { ...process.env, PILOTLIGHT_URL: stack.url }
      const command = [`${projectRoot}client/cli/pilotlight.ts`, ...args]
      const child = execFile(process.execPath, command, { env }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      )
      child.stdin?.end(input)
    })

  const pilotlight = (...args: string[]): Promise<Run> => pilotlightWith('', ...args)

  const load = (...files: string[]): Promise<Run> =>
    pilotlight('load', '--state', join(directory, 'state.json'), ...files)

  const file = (name: string, content: object | string): string => {
    const path = join(directory, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  const idOf = async (name: string): Promise<string> =>
    JSON.parse((await pilotlight('patients', '--name', name, '--json')).out)[0].id

  test('token prints a token that the server takes, and nothing else', async () => {
    const { code, out } = await pilotlight('token', '--user', 'viewer')
    expect(code).toBe(0)
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const response = await fetch(`${stack.url}/Patient`, {
      headers: { authorization: `Bearer ${out.trim()}` },
    })
    expect(response.status).toBe(200)
  })

  test('load posts Bundles, and does not post them again', async () => {
    const path = file('kowalska.json', exact(transaction('Kowalska', ...resources)))
    const first = await load(path)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toMatch(/^1 files loaded, 0 failed: 10 resources in /)
    expect((await load(path)).out).toMatch(/^0 files loaded, 1 were there already, 0 failed/)
    expect(JSON.parse((await pilotlight('patients', '--name', 'Kowalska', '--json')).out)).toHaveLength(1)
  })

  test('load posts again what the server has lost', async () => {
    const path = file('nowak.json', transaction('Nowak'))
    await load(path)
    const state = join(directory, 'state.json')
    const remembered = readFileSync(state, 'utf8')
    writeFileSync(state, remembered.replace(/"Patient\/[^"]+"/g, '"Patient/lost"'))
    expect((await load(path)).out).toMatch(/^1 files loaded, 0 failed/)
  })

  test('load does once what was interrupted after the server had done it', async () => {
    const path = file('lost.json', exact(transaction('Verloren')))
    await load(path)
    const state = join(directory, 'state.json')
    const [server] = Object.keys(JSON.parse(readFileSync(state, 'utf8')))
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
    const interrupted = { [server as string]: { [`begun ${hash}`]: 'key-of-the-first-attempt' } }
    writeFileSync(state, JSON.stringify(interrupted))
    await load(path)
    writeFileSync(state, JSON.stringify(interrupted))
    expect((await load(path)).out).toMatch(/^1 files loaded, 0 failed/)
    expect(JSON.parse((await pilotlight('patients', '--name', 'Verloren', '--json')).out)).toHaveLength(2)
  })

  test('load says what failed and why, goes on with the rest, and exits with 1', async () => {
    const invalid = transaction('Invalid', observation('yesterday', { code: loinc('1', 'x') }))
    const run = await load(
      file('invalid.json', invalid),
      file('patient.json', { resourceType: 'Patient' }),
      file('broken.json', '{'),
      file('large.json', `{"resourceType":"Bundle","type":"batch","x":"${'x'.repeat(11_000_000)}"}`),
      join(directory, 'missing.json'),
      file('good.json', transaction('Good')),
    )
    expect(run.code).toBe(1)
    expect(run.out).toMatch(/FAILED .*invalid\.json\n {2}Bundle\.entry\[1\].*effective/)
    expect(run.out).toMatch(/patient\.json: one resource, written as Patient\n/)
    expect(run.out).toMatch(/broken\.json\n {2}It is no whole JSON: it ends in the middle\.\n/)
    expect(run.out).toMatch(/large\.json\n {2}.*`x`/)
    expect(run.out).toMatch(/missing\.json\n {2}There is no such file\./)
    expect(run.out).toMatch(/\n2 files loaded, 4 failed: 2 resources/)
  })

  const puts = (...all: { resourceType: string; id: string }[]) =>
    all.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    }))
  const npi = [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '9990001' }]

  test('load takes hospitals and practitioners first, by what is in the files, whatever their names and order', async () => {
    const referring = {
      resourceType: 'Encounter',
      id: 'refers',
      status: 'finished',
      class: { code: 'AMB' },
      serviceProvider: { reference: 'Organization?identifier=http://hl7.org/fhir/sid/us-npi|9990001' },
      participant: [
        { individual: { reference: 'Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9990001' } },
      ],
    }
    const bundle = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry })
    const run = await load(
      file('a-visit.json', bundle(...puts(referring))),
      file(
        'b-people.json',
        bundle(...puts({ resourceType: 'Practitioner', id: 'dr', identifier: npi } as never)),
      ),
      file(
        'c-houses.json',
        bundle(...puts({ resourceType: 'Organization', id: 'house', identifier: npi } as never)),
      ),
    )
    expect([run.code, run.out]).toEqual([0, expect.stringMatching(/^3 files loaded, 0 failed: 3 resources/)])
    const { participant, serviceProvider } = JSON.parse((await pilotlight('get', 'Encounter/refers')).out)
    expect([participant[0].individual.reference, serviceProvider.reference]).toEqual([
      'Practitioner/dr',
      'Organization/house',
    ])
  })

  test('load counts what a batch with refused entries has stored, and says each reason once with its entries', async () => {
    const bad = (id: string) => ({ resourceType: 'Patient', id, birthDate: 'soon' })
    const good = (id: string) => ({ resourceType: 'Patient', id })
    const entry = puts(good('fine-1'), bad('bad-1'), good('fine-2'), bad('bad-2'), bad('bad-3'))
    const run = await load(file('mixed.json', { resourceType: 'Bundle', type: 'batch', entry }))
    expect(run.code).toBe(1)
    expect(run.out).toMatch(/IN PART .*mixed\.json\n/)
    expect(run.out.match(/birthDate/g)).toHaveLength(1)
    expect(run.out).toMatch(
      /Bundle\.entry\[1\] \(Patient\/bad-1\): .*\(The same for Bundle\.entry\[3\] \(Patient\/bad-2\), Bundle\.entry\[4\] \(Patient\/bad-3\)\.\)/,
    )
    expect(run.out).toMatch(/\n0 files loaded, 1 in part, 0 failed: 2 resources/)
  })

  test('what is piped into `head` ends without a word', async () => {
    const command = `"${process.execPath}" "${projectRoot}client/cli/pilotlight.ts" get metadata | head -c 10; echo " \${PIPESTATUS[0]}"`
    const env = { ...process.env, PILOTLIGHT_URL: stack.url }
    const told = await new Promise<[string, string]>((resolve) => {
      execFile('bash', ['-c', command], { env }, (_, out, err) => resolve([out, err]))
    })
    expect(told).toEqual(['{"resource 0\n', ''])
  })

  const guide = (): string => {
    const folder = join(directory, 'guide', 'package')
    mkdirSync(join(folder, 'example'), { recursive: true })
    const write = (name: string, content: object) =>
      writeFileSync(join(folder, name), JSON.stringify(content))
    const url = `http://example.org/${'long/'.repeat(20)}`
    write('package.json', {
      name: 'example.guide',
      version: '1.0.0',
      dependencies: { 'other.guide': '2.0.0' },
    })
    write('.index.json', { files: [] })
    write(`CodeSystem-${'c'.repeat(64)}.json`, {
      resourceType: 'CodeSystem',
      id: 'c'.repeat(64),
      url,
      status: 'active',
      content: 'complete',
      concept: [{ code: 'red' }],
    })
    write('ValueSet-reds.json', { resourceType: 'ValueSet', id: 'reds', url: `${url}reds`, status: 'draft' })
    write('SearchParameter-eyes.json', {
      resourceType: 'SearchParameter',
      id: 'eyes',
      url: `${url}eyes`,
      name: 'Eyes',
      description: 'The colour of the eyes',
      status: 'active',
      code: 'eyes',
      base: ['Patient'],
      type: 'string',
      expression: "Patient.extension('http://example.org/eyes').value",
    })
    write('ValueSet-bad.json', { resourceType: 'ValueSet', id: 'bad', status: 'sometimes' })
    write('example/Patient-example.json', { resourceType: 'Patient', id: 'example' })
    return join(directory, 'guide')
  }

  test('load-package writes what a package holds, says what failed, and may be repeated', async () => {
    const folder = guide()
    const archive = join(directory, 'guide.tgz')
    execFileSync('tar', ['czf', archive, '-C', folder, 'package'])
    const first = await pilotlight('load-package', archive)
    expect([first.code, first.err]).toEqual([1, ''])
    expect(first.out).toMatch(/FAILED ValueSet\/bad\n {2}ValueSet\.status: .*sometimes/)
    expect(first.out).toContain('example.guide 1.0.0: 3 resources loaded, 1 failed.')
    expect(first.out).toContain('It builds on other.guide 2.0.0.')
    rmSync(join(folder, 'package', 'ValueSet-bad.json'))
    const again = await pilotlight('load-package', '--json', folder)
    expect([again.code, JSON.parse(again.out)[0]]).toMatchObject([0, { resources: 3, failed: [] }])
    const { meta } = JSON.parse((await pilotlight('get', 'ValueSet/reds')).out)
    expect(meta.versionId).toBe('1')
    expect((await pilotlight('get', 'Patient/example')).code).toBe(1)
  })

  /** A guide that requires a profile of its own and a search parameter. */
  const claimable = (name: string, parameter: string): string => {
    const folder = join(directory, name, 'package')
    mkdirSync(folder, { recursive: true })
    const write = (type: string, content: object) =>
      writeFileSync(
        join(folder, `${type}.json`),
        JSON.stringify({ resourceType: type, id: name, status: 'active', ...content }),
      )
    const url = (type: string) => `http://example.org/${type}/${name}`
    const extension = [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation',
        valueCode: 'SHALL',
      },
    ]
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0' }))
    write('ImplementationGuide', {
      url: url('ImplementationGuide'),
      version: '1.0.0',
      name: 'G',
      packageId: name,
      fhirVersion: ['4.0.1'],
    })
    write('StructureDefinition', {
      url: url('StructureDefinition'),
      name: 'P',
      kind: 'resource',
      abstract: false,
      type: 'Basic',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Basic',
      derivation: 'constraint',
      differential: { element: [{ id: 'Basic', path: 'Basic' }] },
    })
    write('CapabilityStatement', {
      url: url('CapabilityStatement'),
      date: '2026-01-01',
      kind: 'requirements',
      description: 'What a server must do',
      fhirVersion: '4.0.1',
      format: ['json'],
      rest: [
        {
          mode: 'server',
          resource: [
            {
              extension,
              type: 'Basic',
              supportedProfile: [url('StructureDefinition')],
              _supportedProfile: [{ extension }],
              searchParam: [{ extension, name: parameter, type: 'token' }],
            },
          ],
        },
      ],
    })
    return join(directory, name)
  }

  test('load-package --claim claims a guide of which every SHALL is met, and lists each that is not', async () => {
    const met = await pilotlight('load-package', claimable('met', 'code'), '--claim')
    expect([met.code, met.err]).toEqual([0, ''])
    expect(met.out).toContain('http://example.org/ImplementationGuide/met|1.0.0 is claimed.')
    const unmet = await pilotlight('load-package', claimable('unmet', 'colour'), '--claim')
    expect(unmet.code).toBe(1)
    expect(unmet.out).toMatch(
      /1 SHALL is not met here:\n {2}Basic lacks the search parameter `colour`\.\n.*not claimed/,
    )
    const statement = JSON.parse((await pilotlight('get', 'metadata')).out)
    expect(statement).toMatchObject({
      instantiates: ['http://example.org/CapabilityStatement/met'],
      implementationGuide: ['http://example.org/ImplementationGuide/met|1.0.0'],
    })
    const basic = statement.rest[0].resource.find(({ type }: { type: string }) => type === 'Basic')
    expect(basic.supportedProfile).toEqual([
      'http://example.org/StructureDefinition/met',
      'http://example.org/StructureDefinition/unmet',
    ])
    expect((await pilotlight('claims')).out).toContain('http://example.org/CapabilityStatement/met')
    const left = await pilotlight('claims', '--withdraw', 'http://example.org/ImplementationGuide/met')
    expect([left.code, left.out]).toEqual([0, 'No guide is claimed.\n'])
    const twice = await pilotlight('claims', '--withdraw', 'http://example.org/ImplementationGuide/met')
    expect([twice.code, twice.err]).toEqual([2, expect.stringContaining('is not claimed')])
  })

  test('load-package --claim says what a package lacks that cannot be claimed', async () => {
    const folder = claimable('plain', 'code')
    rmSync(join(folder, 'package', 'CapabilityStatement.json'))
    const run = await pilotlight('load-package', folder, '--claim')
    expect([run.code, run.err]).toEqual([
      2,
      expect.stringContaining('CapabilityStatements for servers: none'),
    ])
  })

  test('load-codes writes a list of codes in pieces, which are known at once', async () => {
    const rows = Array.from(
      { length: 2300 },
      (_, i) => `L${i},"Number ""${i}"", of a list",L${i >> 1},ACTIVE`,
    )
    const list = file(
      'list.csv',
      ['\ufeffLOINC_NUM,LONG_COMMON_NAME,parent,STATUS', ...rows, ''].join('\r\n'),
    )
    const run = await pilotlight('load-codes', list, 'http://example.org/codes|2')
    expect([run.code, run.out]).toEqual([0, 'http://example.org/codes: 2300 codes loaded in 3 resources.\n'])
    const found = await pilotlight('get', 'CodeSystem/$lookup?system=http://example.org/codes&code=L2299')
    expect(found.out).toContain('Number \\"2299\\", of a list')
    expect(found.out).toContain('"valueString":"ACTIVE"')
    const wider = 'CodeSystem/$subsumes?system=http://example.org/codes&codeA=L1&codeB=L2299'
    expect((await pilotlight('get', wider)).out).toContain('"subsumes"')
    const none = 'CodeSystem/$validate-code?url=http://example.org/codes&code=none'
    expect((await pilotlight('get', none)).out).toContain('not-found')
  })

  test('load-codes takes a CodeSystem apart, and it is as complete as it was', async () => {
    const nested = {
      resourceType: 'CodeSystem',
      url: 'http://example.org/nested',
      status: 'active',
      content: 'complete',
      concept: [{ code: 'top', concept: [{ code: 'leaf' }] }],
    }
    expect((await pilotlight('load-codes', file('nested.json', nested))).code).toBe(0)
    const wider = 'CodeSystem/$subsumes?system=http://example.org/nested&codeA=top&codeB=leaf'
    expect((await pilotlight('get', wider)).out).toContain('"subsumes"')
    const none = 'CodeSystem/$validate-code?url=http://example.org/nested&code=none'
    expect((await pilotlight('get', none)).out).toContain('code-invalid')
  })

  test('load-codes says what it does not understand', async () => {
    const list = file('odd.csv', 'name,text\na,b')
    expect(await pilotlight('load-codes', list)).toMatchObject({ code: 2 })
    const odd = await pilotlight('load-codes', list, 'http://example.org/odd')
    expect([odd.code, odd.err]).toEqual([2, expect.stringContaining('column `code`')])
  })

  test('load uploads what is more than a function takes', async () => {
    const content = { resourceType: 'Binary', contentType: 'text/plain', data: 'YWFh'.repeat(3_000_000) }
    const run = await load(file('content.json', transaction('Content', content)))
    expect([run.code, run.out]).toEqual([0, expect.stringContaining('1 files loaded, 0 failed: 2 resources')])
  })

  test('load names the entry of a batch that failed', async () => {
    const batch = { ...transaction('Batch', { resourceType: 'Observation' }), type: 'batch' }
    const run = await load(file('batch.json', batch))
    expect(run.code).toBe(1)
    expect(run.out).toMatch(
      /IN PART .*batch\.json\n {2}Bundle\.entry\[1\] \(Observation urn:uuid:[^)]*\): 4\d\d /,
    )
  })

  test('load takes a folder of lines, gzip, collections, histories and documents, and says what becomes of each', async () => {
    const folder = join(directory, 'many', 'deep')
    mkdirSync(folder, { recursive: true })
    const person = (id: string) => ({ resourceType: 'Patient', id, name: [{ family: 'Many' }] })
    const put = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text)
    put('a.ndjson', ['l1', 'l2'].map((id) => `${JSON.stringify(person(id))}\n`).join('\r\n'))
    put('b.json.gz', gzipSync(JSON.stringify(person('zipped'))))
    const bundle = (type: string, entry: object[]) => ({ resourceType: 'Bundle', type, entry })
    put('c.json', JSON.stringify(bundle('collection', [{ resource: person('collected') }])))
    const versions = ['new', 'old'].map((family) => ({
      resource: { ...person('past'), name: [{ family }] },
      request: { method: 'PUT', url: 'Patient/past' },
      response: { status: '200' },
    }))
    put('d.json', JSON.stringify(bundle('history', versions)))
    put('latin.json', Buffer.from('{"resourceType":"Patient","id":"latin","gender":"\xe9"}', 'latin1'))
    put('z.json', JSON.stringify(bundle('transaction-response', [])))
    const run = await load(join(directory, 'many'))
    expect(run.out).toMatch(/a\.ndjson: resources of a line each/)
    expect(run.out).toMatch(/c\.json: collection: its resources are written in one transaction/)
    expect(run.out).toMatch(/d\.json: history: the newest version of each resource is written/)
    expect(run.out).toMatch(/FAILED .*latin\.json\n {2}It is not UTF-8/)
    expect(run.out).toMatch(/FAILED .*z\.json\n {2}It is a transaction-response/)
    expect(run.out).toMatch(/\n4 files loaded, 2 failed: 5 resources/)
    expect((await pilotlight('get', 'Patient/past')).out).toContain('"new"')
    expect((await pilotlight('get', 'Patient/l2')).code).toBe(0)
    const piped = await pilotlightWith(JSON.stringify(person('piped')), 'load', '-')
    expect(piped.out).toMatch(/^-: one resource, written as Patient\/piped\n1 files loaded/)
  })

  test('patients lists id, name and birth date', async () => {
    const { out } = await pilotlight('patients', '--name', 'Kowalska')
    expect(out.split('\n')[0]).toMatch(/^ID +NAME +BORN +GENDER$/)
    expect(out).toMatch(/Zofia Kowalska {2}1961-04-02/)
    expect((await pilotlight('patients', '--name', 'Nobody')).out).toBe('No patients found.\n')
  })

  test('get, search and history print what the server sends, digits included', async () => {
    const body =
      '{"resourceType":"Basic","code":{"text":"b"},"extension":[{"url":"urn:x","valueDecimal":1.00}]}'
    const authorization = `Bearer ${await stack.token('clinician')}`
    const headers = { authorization, 'content-type': 'application/fhir+json' }
    const created = await fetch(`${stack.url}/Basic`, { method: 'POST', headers, body })
    const { id } = (await created.json()) as { id: string }
    expect((await pilotlight('get', `Basic/${id}`)).out).toContain('"valueDecimal":1.00')
    expect((await pilotlight('search', 'Basic', `_id=${id}`)).out).toContain('"valueDecimal":1.00')
    expect(JSON.parse((await pilotlight('history', `Basic/${id}`)).out)).toMatchObject({ type: 'history' })
    const missing = await pilotlight('get', 'Basic/nobody')
    expect(missing).toMatchObject({ code: 1, out: '' })
    expect(missing.err).toMatch(/does not exist/)
    expect((await pilotlight('search', 'Basic', 'foo')).err).toMatch(/not a parameter/)
  })

  test('everything is a resource on each line, over all pages, of one patient or of all', async () => {
    const id = await idOf('Kowalska')
    const lines = (out: string): { resourceType: string; id: string }[] =>
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    const { code, out } = await pilotlight('everything', id, '_count=2')
    const found = lines(out).map((each) => `${each.resourceType}/${each.id}`)
    expect([code, new Set(found).size]).toEqual([0, found.length])
    expect(found).toContain(`Patient/${id}`)
    expect(out).toContain('"value":60.123456')
    const all = lines((await pilotlight('everything', '_type=Patient')).out)
    expect(all.map((each) => each.id)).toContain(id)
    expect(await pilotlight('everything', id, '_type=Nonsense')).toMatchObject({ code: 1, out: '' })
    expect((await pilotlight('everything', id, 'since')).err).toMatch(/not a parameter/)
  })

  test('vitals shows the latest, the range and the trend, blood pressure as a pair', async () => {
    const { code, out } = await pilotlight('vitals', await idOf('Kowalska'))
    expect(code).toBe(0)
    expect(out).toMatch(
      /Blood pressure +140 \/ 90 mmHg +2026-03-03 09:30 \+01:00 +High +120 \/ 70 +140 \/ 90 +3 +▄▁█ \/ ▅▁█/u,
    )
    expect(out).toMatch(/Weight +60\.12 kg +2026-03-05 08:00 -05:00 +60\.12 +61\.50 +2 +█▁/u)
  })

  test('labs shows results by panel, with the range they came with', async () => {
    const { code, out } = await pilotlight('labs', await idOf('Kowalska'))
    expect(code).toBe(0)
    expect(out).toMatch(/Lipids +Cholesterol +5\.20 mmol\/L +2026-03-02 +High +5\.20 +5\.20 +1/u)
    const [panel] = JSON.parse((await pilotlight('labs', await idOf('Kowalska'), '--json')).out)
    expect(panel.trends[0].measurements[0].readings[0]).toMatchObject({ digits: '5.20', unit: 'mmol/L' })
  })

  test('index holds the search index against the resources', async () => {
    const all = await pilotlight('index', 'check', 'Observation')
    expect(all).toMatchObject({ code: 0, err: '' })
    expect(all.out).toMatch(
      /^\d+ resources and \d+ entries looked through\. The index is as the resources say\.\n$/,
    )
    const one = await pilotlight('index', 'repair', `Patient/${await idOf('Kowalska')}`, '--json')
    expect(JSON.parse(one.out)).toMatchObject({ missing: 0, stale: 0, lists: {} })
    expect((await pilotlight('index', 'mend', 'Observation')).code).toBe(2)
    expect((await pilotlight('index', 'check', 'Observation', '--user', 'clinician')).err).toMatch(
      /may not administer/,
    )
  })

  test('archive replay runs in the background and says how many changes it archived', async () => {
    const run = await pilotlight('archive', 'replay')
    expect([run.code, run.out.trim(), run.err]).toEqual([0, '0 changes are archived now.', ''])
  })

  test('archive compact makes few objects of the many of a day that is over', async () => {
    const run = await pilotlight('archive', 'compact')
    expect([run.code, run.out.trim(), run.err]).toEqual([0, '0 days are compacted: 0 objects became 0.', ''])
  })

  test('reindex waits until the index is as the search parameters ask', async () => {
    const run = await pilotlight('reindex')
    expect(run).toEqual({
      code: 0,
      out: expect.stringContaining('The index is as the search parameters ask.\n'),
      err: '',
    })
  })

  test('immunizations shows doses by vaccine', async () => {
    const { code, out } = await pilotlight('immunizations', await idOf('Kowalska'))
    expect(code).toBe(0)
    expect(out).toMatch(/^VACCINE +AT +STATUS\nInfluenza +2024-10-01 +Given\n +2025-10-02 +Not given\n$/)
  })

  test('post creates a resource, and tells of a Bundle entry by entry', async () => {
    const one = await pilotlight('post', file('basic.json', { resourceType: 'Basic', code: { text: 'x' } }))
    expect(one).toEqual({
      code: 0,
      out: expect.stringMatching(/^Created Basic\/[^/]+, version 1\.\n$/),
      err: '',
    })
    const batch = { ...transaction('Posted', { resourceType: 'Observation' }), type: 'batch' }
    const run = await pilotlight('post', file('posted.json', batch))
    expect(run.code).toBe(1)
    expect(run.out).toMatch(/\n0 +201 Created +Patient\/.*\n1 +4\d\d .*status/)
    const refused = await pilotlight('post', file('refused.json', { resourceType: 'Basic', cod: 1 }))
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toMatch(/Basic\.cod/)
  })

  test('post takes what comes in', async () => {
    const text = '{"resourceType":"Basic","code":{"text":"from standard input"}}'
    expect(await pilotlightWith(text, 'post', '-')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Created Basic/),
    })
  })

  test('put, patch and delete say the id and the version', async () => {
    const body = '{"resourceType":"Basic","id":"changed","code":{"text":"山"}}'
    expect(await pilotlightWith(body, 'put', '-')).toMatchObject({
      code: 0,
      out: 'Created Basic/changed, version 1.\n',
    })
    const change = '[{"op":"replace","path":"/code/text","value":"川"}]'
    expect(await pilotlightWith(change, 'patch', 'Basic/changed', '-')).toMatchObject({
      out: 'Updated Basic/changed, version 2.\n',
    })
    expect((await pilotlight('get', 'Basic/changed')).out).toContain('川')
    expect((await pilotlightWith(body, 'put', 'Basic/other', '-')).err).toContain('cannot be written to')
    expect((await pilotlight('delete', 'Basic/changed')).out).toBe('Deleted Basic/changed, version 3.\n')
    expect((await pilotlight('get', 'Basic/changed')).code).toBe(1)
  })

  test.each([
    ['put', []],
    ['post', []],
    ['load-codes', ['http://example.org/latin']],
  ])('%s refuses a file that is not UTF-8, and names it', async (name, more) => {
    const path = join(directory, `latin-${name}.json`)
    writeFileSync(
      path,
      Buffer.from(
        '{"resourceType":"CodeSystem","id":"latin",\n"url":"http://x/y","title":"M\xfcller"}',
        'latin1',
      ),
    )
    const run = await pilotlight(name, path, ...more)
    expect([run.code, run.out]).toEqual([1, ''])
    expect(run.err).toContain(`latin-${name}.json\`: It is not UTF-8 (line 2)`)
  })

  test('--version, a guess at a mistyped command, and one at an option', async () => {
    expect(await pilotlight('--version')).toEqual({ code: 0, out: '0.2.0\n', err: '' })
    expect((await pilotlight('immunisations')).err).toContain('Did you mean `immunizations`?')
    expect((await pilotlight('patients', '--coutn', '3')).err).toContain('Did you mean `--count`?')
  })

  test('a table keeps its columns where letters are wide', () => {
    expect(
      table([
        ['山田', '1'],
        ['abcd', '2'],
      ]),
    ).toBe('山田  1\nabcd  2')
  })

  test('a long name is cut so that its row stays in line; ids, addresses and the last column are whole', () => {
    const name = `${'Bartholomäus 山田 '.repeat(5)}`.trim()
    const id = 'i'.repeat(64)
    const rows = table([
      ['NAME', 'ID', 'BORN'],
      [name, id, '1970'],
      ['Ann', '1', name],
    ]).split('\n')
    expect(rows[1]).toMatch(/^Bartholomäus 山田 .*… {1,3}i{64} {2}1970$/)
    const columnOf = (row: string | undefined, cell: string) =>
      stringWidth((row ?? '').slice(0, (row ?? '').indexOf(cell)))
    expect(columnOf(rows[1], id)).toBe(columnOf(rows[0], 'ID'))
    expect(columnOf(rows[1], '1970')).toBe(columnOf(rows[0], 'BORN'))
    expect(columnOf(rows[1], id)).toBe(62)
    expect(rows[2]).toContain(name)
  })

  test('completion completes commands, options and files in bash', async () => {
    const { code, out } = await pilotlight('completion', 'bash')
    expect(code).toBe(0)
    const complete = (words: string[]): string[] => {
      const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_pilotlight\nprintf '%s\\n' "\${COMPREPLY[@]}"`
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
    }
    expect(complete(['pilotlight', 'im'])).toEqual(['immunizations'])
    expect(complete(['pilotlight', 'labs', '--js'])).toEqual(['--json'])
    expect(complete(['pilotlight', 'post', `${directory}/posted`])).toEqual([`${directory}/posted.json`])
    expect((await pilotlight('completion', 'zsh')).out).toContain("'labs:")
    expect((await pilotlight('completion', 'fish')).out).toContain('-a labs')
  })

  test('a table has a line for each row, whatever a text holds', () => {
    const long = 'x'.repeat(80)
    const to = (text: string) => text.padEnd(82)
    expect(
      table([
        ['A', 'B'],
        ['a\nb\u001b[31m', '1'],
        [long, '2'],
      ]),
    ).toBe(`${to('A')}B\n${to('a b [31m')}1\n${long}  2`)
  })

  test('vitals of nobody says so', async () => {
    const run = await pilotlight('vitals', 'nobody')
    expect(run.code).toBe(1)
    expect(run.err).toMatch(/nobody/)
  })

  test.each([
    [2, ['frobnicate'], /`frobnicate` is not a command/],
    [2, ['vitals'], /Name one patient by id/],
    [2, ['labs', 'one', 'two'], /`pilotlight labs PATIENT`/],
    [2, ['patients', 'smith'], /`smith` is too much: `pilotlight patients \[--name …\]`/],
    [2, ['history', 'Patient', 'x'], /`x` is too much/],
    [2, ['reindex', 'Patient'], /`Patient` is too much/],
    [2, ['archive'], /Say what: `pilotlight archive replay`/],
    [1, ['load-package', import.meta.filename], /cli\.test\.ts` could not be read as a package/],
    [2, ['load'], /Name the files to load/],
    [2, ['post'], /Name one file/],
    [2, ['completion', 'tcsh'], /Name the shell/],
    [2, ['patients', '--frob'], /Unknown option '--frob'/],
    [2, ['patients', '--count', '0'], /--count must be a whole number/],
    [2, ['patients', '--base', 'localhost'], /is not a FHIR base URL/],
    [1, ['patients', '--base', 'http://localhost:4/fhir'], /could not be reached/],
    [2, ['token', '--user', 'stranger'], /Give the password of `stranger`/],
    [1, ['token', '--user', 'viewer', '--password', 'wrong'], /`viewer` could not sign in/],
    [1, ['immunizations', 'nobody'], /nobody/],
  ])('ends with %i and one line after %s', async (status, args, line) => {
    const { code, out, err } = await pilotlight(...args)
    expect({ code, out }).toEqual({ code: status, out: '' })
    expect(err).toMatch(line)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('--help lists the commands', async () => {
    const { code, out } = await pilotlight('--help')
    expect(code).toBe(0)
    for (const name of ['load', 'post', 'patients', 'vitals', 'labs', 'immunizations', 'token'])
      expect(out).toContain(`pilotlight ${name}`)
    expect((await pilotlight('labs', '--help')).out).toMatch(/^pilotlight labs PATIENT: /)
  })
})
