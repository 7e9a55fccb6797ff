import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allIds, type Known, put, putAll, stored } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'

/** `LAWS=20000 npx vitest run tests/laws/words.test.ts` for the long run. */
const runs = Number(process.env.LAWS ?? 60)
const seed = Number(process.env.LAWS_SEED ?? 4711)

let engines: Engines
const store = () => engines.openStore('main')
const present = new Map<string, Known>()
const long = '2026-01-01T00:00:00.000Z'

const pick = <T>(...values: T[]) => fc.constantFrom(...values)
const phrase = fc
  .array(pick('bone', 'Liver', 'métastases', 'of', 'the', 'liver-cell', "Crohn's", 'T2', 'Größe'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((words) => words.join(' '))
const div = fc
  .tuple(phrase, phrase)
  .map(
    ([a, b]) =>
      `<div xmlns="http://www.w3.org/1999/xhtml"><p>${a}</p><p><b>m</b>any &#98;ones &amp; ${b}</p></div>`,
  )

const body = fc.record(
  {
    text: div.map((xhtml) => ({ status: 'generated', div: xhtml })),
    code: fc.record({
      coding: fc.tuple(fc.record({ code: pick('bone', 'T2'), display: phrase })),
      text: phrase,
    }),
    note: fc.array(fc.record({ text: phrase }), { minLength: 1, maxLength: 2 }),
    subject: pick('1', '2').map((id) => ({ reference: `Patient/${id}`, display: 'of the liver' })),
    identifier: fc.tuple(fc.record({ value: pick('bone', 'T2') })),
    recordedDate: pick('2020', '2021-03-04', '2022-05'),
    // So many words that they have no list of their own.
    contained: fc.constant([
      {
        resourceType: 'Basic',
        extension: [{ valueString: Array.from({ length: 300 }, (_, i) => `x${i}`).join(' ') }],
      },
    ]),
  },
  { requiredKeys: [] },
)

const resources: Known[] = fc
  .sample(fc.tuple(pick('Condition', 'Observation'), body), { numRuns: 120, seed })
  .map(([resourceType, content], i) => ({ ...content, resourceType, id: `r-${i}` }))

beforeAll(async () => {
  engines = await startEngines()
  await putAll(store(), resources, long)
  for (const resource of resources) present.set(resource.id, stored(resource, 1, long))
  for (const [i, resource] of resources.entries()) {
    if (i % 4 !== 0) continue
    const [before] = await store().get([{ type: resource.resourceType, id: resource.id }])
    const next = {
      ...resources[(i + 5) % resources.length],
      resourceType: resource.resourceType,
      id: resource.id,
    } as Known
    await store().commit([put(next, '2026-01-02T00:00:00.000Z', before)])
    present.set(resource.id, next)
  }
})

afterAll(() => engines.stop())

const plain = (text: string): string =>
  ` ${text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()} `

type Json = Record<string, unknown>
const list = (value: unknown): Json[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]) as Json[]

const narrative = ({ text }: Json): string[] =>
  text === undefined
    ? []
    : [
        String((text as Json).div)
          .replace(/<\/?b>/g, '')
          .replace(/<[^>]+>/g, ' ')
          .replace('&#98;', 'b')
          .replace('&amp;', '&'),
      ]

/** Where a Condition or an Observation of these says something. */
const content = (resource: Json): string[] => [
  ...narrative(resource),
  // A year by itself may be a text.
  ...[resource.recordedDate].filter((date) => date === '2020').map(String),
  ...list(resource.note).map(({ text }) => String(text)),
  ...list(resource.code).flatMap(({ coding, text }) => [
    ...list(coding).map(({ display }) => String(display)),
    String(text),
  ]),
  ...list(resource.subject).map(({ display }) => String(display)),
  ...list(resource.contained).flatMap(({ extension }) =>
    list(extension).map(({ valueString }) => String(valueString)),
  ),
]

const judges: Record<string, (resource: Json) => string[]> = { _text: narrative, _content: content }

/** A query in pieces, its text and what it means; JavaScript reckons with `and`, `or` and `not`. */
interface Piece {
  text: string
  script: string
}

const has = (words: string): string => `has(${JSON.stringify(plain(words))})`

const word: fc.Arbitrary<Piece> = pick(
  'bone',
  'LIVER',
  'metastases',
  'of',
  'liver-cell',
  'crohn',
  'x299',
  'many',
  'bones',
  'grosse',
  'none',
  '2020',
).map((text) => ({ text, script: has(text) }))
const quoted: fc.Arbitrary<Piece> = pick(
  'of the liver',
  'liver cell',
  'bone bone',
  'and',
  "Crohn's T2",
  'x17 x18',
).map((text) => ({ text: `"${text}"`, script: has(text) }))

const { query } = fc.letrec<{ query: Piece; unit: Piece }>((tie) => ({
  unit: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    quoted,
    tie('query').map(({ text, script }) => ({ text: `(${text})`, script: `(${script})` })),
    tie('unit').map(({ text, script }) => ({ text: `not ${text}`, script: `!${script}` })),
  ),
  query: fc
    .tuple(
      tie('unit'),
      fc.array(fc.tuple(pick(' AND ', ' and ', ' ', ' or ', ' OR '), tie('unit')), { maxLength: 2 }),
    )
    .map(([first, rest]) =>
      rest.reduce<Piece>(
        (left, [by, right]) => ({
          text: `${left.text}${by}${right.text}`,
          script: `${left.script}${/or/i.test(by) ? '||' : '&&'}${right.script}`,
        }),
        first,
      ),
    ),
}))

const means = (script: string, texts: readonly string[]): boolean => {
  const has = (words: string): boolean => texts.some((text) => plain(text).includes(words))
  return new Function('has', `return ${script}`)(has) as boolean
}

test(
  'a search for words finds what reading every resource finds',
  async () => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(
        pick('Condition', 'Observation'),
        pick('_text', '_content'),
        query,
        pick('', '&subject=Patient/1', '&_sort=-_lastUpdated', '&_count=3'),
        async (type, name, { text, script }, more) => {
          const wanted = [...present.values()].filter(
            (resource) =>
              resource.resourceType === type &&
              means(script, judges[name]?.(resource) ?? []) &&
              (!more.includes('subject') ||
                (resource.subject as Json | undefined)?.reference === 'Patient/1'),
          )
          hits += Number(wanted.length > 0)
          const url = `${type}?${new URLSearchParams([[name, text]])}${more}`
          const found = await allIds(
            store(),
            url,
            fc.sample(pick({}, { short: 0, items: [2, 4] as const }), 1)[0],
          )
          expect(found.toSorted(), `${url}: ${text}`).toEqual(wanted.map(({ id }) => id).toSorted())
        },
      ),
      { numRuns: runs, seed },
    )
    expect(hits).toBeGreaterThan(runs / 5)
  },
  Math.max(60_000, runs * 60),
)
