import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoBundles } from '../../src/local/demo/bundle.ts'
import { inParallel } from '../../src/store/parallel.ts'
import invalid from '../cases/invalid-examples.json' with { type: 'json' }
import { exactly } from '../fhir/exactly.ts'
import { dataFiles } from '../fhir/official.ts'
import { sampleOf } from '../fhir/sample.ts'
import { type Server, startServer } from '../handlers/caller.ts'

/** `npm run test:long -- round-trip` takes all of the official examples; `ROUND_TRIP_SEED` chooses others. */
const { ROUND_TRIPS = '150', ROUND_TRIP_SEED = '1' } = process.env

interface Example {
  name: string
  text: string
}

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const official = (): Example[] => {
  const broken = new Set(Object.keys(invalid['r4-examples']))
  const files = dataFiles('r4-examples').filter((file) => !broken.has(basename(file, '.json')))
  return sampleOf(files, Number(ROUND_TRIPS), ROUND_TRIP_SEED).map((file) => ({
    name: basename(file, '.json'),
    text: readFileSync(file, 'utf8'),
  }))
}

const madeUp = (): Example[] => {
  const entries = [...demoBundles(2)].flatMap(
    (text) => (JSON.parse(text) as { entry: { resource: object }[] }).entry,
  )
  const texts = entries.map(({ resource }) => JSON.stringify(resource))
  return sampleOf(texts, 40, ROUND_TRIP_SEED).map((text, i) => ({ name: `made up ${i}`, text }))
}

const xml = { 'Content-Type': 'application/fhir+xml', Accept: 'application/fhir+xml' }

/** What a text says but for what the server sets. */
const own = (text: string): unknown => {
  const { id, meta = {}, ...rest } = exactly(text) as { id?: string; meta?: Record<string, unknown> }
  const { versionId, lastUpdated, ...said } = meta
  return Object.keys(said).length > 0 ? { ...rest, meta: said } : rest
}

/** Sends an example there and back in both formats; returns the first step that failed, nothing where all went well. */
const failing = async ({ text }: Example): Promise<string | undefined> => {
  const { resourceType } = JSON.parse(text) as { resourceType: string }
  const created = await server.ask('POST', `/${resourceType}`, { body: text })
  if (created.status !== 201) return `POST is answered ${created.status}: ${created.text.slice(0, 400)}`
  const { id } = created.json as { id: string }
  const address = `/${resourceType}/${id}`
  const read = await server.ask('GET', address)
  const asXml = await server.ask('GET', address, { headers: xml })
  const same = await server.ask('PUT', address, { headers: xml, body: asXml.text })
  if (same.headers.ETag !== 'W/"1"') return `PUT of its XML is answered ${same.status}, ${same.headers.ETag}`
  const copy = asXml.text.replace(`<id value="${id}"/>`, `<id value="${id}-x"/>`)
  const put = await server.ask('PUT', `${address}-x`, { headers: xml, body: copy })
  if (put.status !== 201)
    return `PUT of its XML elsewhere is answered ${put.status}: ${put.text.slice(0, 400)}`
  const back = await server.ask('GET', `${address}-x`)
  const wanted = JSON.stringify(own(text))
  if (JSON.stringify(own(read.text)) !== wanted) return 'JSON differs'
  return JSON.stringify(own(back.text)) === wanted ? undefined : 'JSON differs that was put as XML'
}

const failures = async (examples: readonly Example[]) => {
  const found = await inParallel(6, examples, async (each) => ({
    name: each.name,
    failed: await failing(each),
  }))
  return found.filter(({ failed }) => failed !== undefined)
}

test.runIf(official().length > 0)(
  'official examples come back from JSON and XML as they went in, decimals to the digit',
  async () => {
    expect(await failures(official())).toEqual([])
  },
  1_800_000,
)

test('made-up resources come back from JSON and XML as they went in', async () => {
  expect(await failures(madeUp())).toEqual([])
})
