import { expect, test } from 'vitest'
import { Failure, type Issue } from '../../src/outcome/failure.ts'
import { parseQuery } from '../../src/search/parse/parse.ts'
import { base, pairsOf } from './hospital.ts'

const now = '2026-01-01T00:00:00.000Z'

const parse = (url: string, lenient = false) => {
  const [type = '', query = ''] = url.split('?')
  return parseQuery(type, pairsOf(query), { lenient, base, now })
}

const issuesOf = (url: string): readonly Issue[] => {
  try {
    parse(url)
  } catch (problem) {
    if (problem instanceof Failure) return problem.issues
    throw problem
  }
  return []
}

const clause = (url: string) => parse(url).query.clauses[0]

test('a query is data that prints', () => {
  const { query } = parse('Observation?code=http://loinc.org|8867-4,x&_sort=-date,status&_count=7')
  expect(JSON.parse(JSON.stringify(query))).toMatchObject({
    type: 'Observation',
    count: 7,
    clauses: [
      {
        kind: 'value',
        modifier: '',
        values: [
          { type: 'token', system: 'http://loinc.org', code: '8867-4' },
          { type: 'token', code: 'x' },
        ],
      },
    ],
    sort: [
      { parameter: { code: 'date' }, descending: true },
      { parameter: { code: 'status' }, descending: false },
    ],
  })
})

test('names every wrong part at once, each with its expression', () => {
  const issues = issuesOf('Patient?foo=1&name:bar=2&birthdate=soon&_count=many&gender=')
  expect(issues.map(({ expression }) => expression)).toEqual([
    'Patient?foo',
    'Patient?name:bar',
    'Patient?birthdate',
    'Patient?_count',
    'Patient?gender',
  ])
  expect(issues[0]?.diagnostics).toContain('`foo`')
  expect(issues[1]?.diagnostics).toContain('`:exact`')
})

test('refuses a second value of what can have only one, rather than forget the first', () => {
  const issues = issuesOf('Patient?_count=2&_count=3&_total=none&_total=none')
  expect(issues.map(({ expression }) => expression)).toEqual(['Patient?_count'])
  expect(parse('Patient?_count=2&_count=3', true).query.count).toBe(2)
})

test('sorts by a second `_sort` within the first', () => {
  const { sort } = parse('Patient?_sort=name&_sort=-birthdate,name').query
  expect(sort.map(({ parameter, descending }) => [parameter.code, descending])).toEqual([
    ['name', false],
    ['birthdate', true],
  ])
})

test.each([
  'Patient?name:bogus=a',
  'Patient?_count:exact=5',
  'Patient?_include:soon=Patient:link',
  'Observation?subject:Practitioner.name=a',
  'Patient?_query=everyone',
])('%s is refused, however lenient', (url) => {
  expect(() => parse(url, true)).toThrow(Failure)
})

test('does not follow a chain that is named by more than 1,000 characters', () => {
  const [issue] = issuesOf(`Encounter?${'part-of.'.repeat(200)}status=planned`)
  expect(issue?.kind).toBe('invalid')
  expect(issue?.diagnostics).toContain('1606 characters; at most 1000')
})

test('refuses a chain that leads over thousands of types, by dots or in a filter', () => {
  expect(issuesOf('AuditEvent?entity.subject.name=a')).toEqual([])
  for (const query of ['focus.focus.focus.focus.focus.name=a', '_filter=focus.focus.focus.focus.name eq a']) {
    const [issue] = issuesOf(`Observation?${query}`)
    expect(issue?.diagnostics).toContain('name the type of each link')
  }
})

test('reads a value or a key once, and no more of them than a search can seek', () => {
  expect(clause('Patient?gender=male,male')).toMatchObject({ values: [{ code: 'male' }] })
  expect(parse('Patient?_sort=name,name,-name').query.sort).toHaveLength(2)
  expect(parse('Patient?_include=Patient:link&_include=Patient:link').query.includes).toHaveLength(1)
  const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`)
  for (const query of [
    `name=${names(10_001).join(',')}`,
    names(1001)
      .map((each) => `name=${each}`)
      .join('&'),
  ])
    expect(issuesOf(`Patient?${query}`)[0]).toMatchObject({ kind: 'too-costly' })
})

test('suggests the name that was meant', () => {
  expect(issuesOf('Patient?brithdate=2020')[0]?.diagnostics).toContain('Known names: `birthdate`.')
})

test('does without what is wrong when lenient, says so, and keeps it out of the self link', () => {
  const { query, issues } = parse('Patient?foo=1&name=a', true)
  expect(query.selfPairs).toEqual([['name', 'a']])
  expect(issues).toMatchObject([{ severity: 'warning', expression: 'Patient?foo' }])
})

test('repeated parameters are and, commas are or', () => {
  const { clauses } = parse('Patient?given=a&given=b,c').query
  expect(clauses.map((each) => each.kind === 'value' && each.values.length)).toEqual([1, 2])
})

test.each([
  ['Patient?name=a\\,b', { values: [{ raw: 'a,b' }] }],
  ['Patient?identifier=a\\|b', { values: [{ code: 'a|b' }] }],
  ['Patient?identifier=http://x|', { values: [{ system: 'http://x' }] }],
  ['Patient?identifier=|b', { values: [{ system: '', code: 'b' }] }],
  ['Patient?name=a\\\\', { values: [{ raw: 'a\\' }] }],
  ['Observation?subject:Patient=1', { modifier: '', values: [{ target: 'Patient', id: '1' }] }],
  [`Observation?subject=${base}/Patient/1`, { values: [{ target: 'Patient', id: '1' }] }],
  ['Observation?subject=http://other/fhir/Patient/1', { values: [{ url: 'http://other/fhir/Patient/1' }] }],
  ['Observation?date=ge2020', { values: [{ prefix: 'ge', low: '2020-01-01T00:00:00.000Z' }] }],
  [
    'Observation?code-value-quantity=8867-4$gt5',
    { values: [{ parts: [{ code: '8867-4' }, { prefix: 'gt' }] }] },
  ],
  ['Patient?active:missing=true', { kind: 'missing', missing: true }],
  ['Observation?subject:Patient.name=a', { kind: 'chain', targets: [{ type: 'Patient' }] }],
  ['Patient?_has:Observation:patient:code=x', { kind: 'has', type: 'Observation' }],
])('%s is read as it is meant', (url, meant) => {
  expect(clause(url)).toMatchObject(meant)
})

test.each([
  ['Observation?subject:above=Patient/1', 'can be part of another'],
  ['Patient?name:exact:contains=a', 'takes one modifier'],
  ['Patient?name:constructor=a', 'is no modifier'],
  ['Patient?constructor=a', 'is no search parameter'],
  ['Patient?__proto__=a', 'is no search parameter'],
  ['Location?near=1|1|1|constructor', 'is no value of `near`'],
  ['Patient?_count:exact=5', 'takes no modifier'],
  ['Patient?_sort:asc=name', 'takes no modifier'],
  ['Observation?code:exact=x', 'is no modifier'],
  ['Observation?subject:Practitioner=1', 'is no modifier'],
  ['Observation?subject:Patient.foo=a', '`foo`'],
  ['Observation?code.text=a', 'is no reference'],
  ['Patient?_include=Observation:code', '`code`'],
  ['Patient?_sort=foo', '`foo`'],
  ['Patient?active:missing=perhaps', '`perhaps`'],
  ['Patient?name=.', 'more than punctuation'],
  ['Patient?family=a\\b', 'backslash'],
  ['Patient?name=p%E9ter', 'UTF-8'],
  ['Patient?_include=Patient:link&_summary=text', 'cannot be mixed'],
  ['DocumentReference?type:below=text/xml', 'is no value'],
  ['ValueSet?url=http://example.org/a|1|2', 'is no value'],
])('%s is refused: %s', (url, why) => {
  expect(issuesOf(url).map(({ diagnostics }) => diagnostics)).toEqual([expect.stringContaining(why)])
})

test('seeks words that every object of JavaScript knows', () => {
  expect(clause('Patient?_content=constructor')).toEqual({
    kind: 'words',
    scope: 'content',
    words: ['constructor'],
  })
})

test('never gives more than a thousand at once', () => {
  expect(parse('Patient?_count=5000').query.count).toBe(1000)
})
