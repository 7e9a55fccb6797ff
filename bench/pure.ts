import type { Resource } from '../src/fhir/definitions.ts'
import { extractAll } from '../src/fhir/parameters.ts'
import { fromXml } from '../src/fhir/xml/read.ts'
import { toXml } from '../src/fhir/xml/write.ts'
import { indexEntriesOf } from '../src/search/index/entries.ts'
import { decodeBody, encodeBody } from '../src/store/objects/body.ts'
import { validate } from '../src/validate/validate.ts'
import type { Bundles } from './bundles.ts'
import { median, type Section } from './figures.ts'

interface Sample {
  text: string
  resource: Resource
  body: Uint8Array
  xml: string
}

interface Entry {
  resource: Resource
}

const samplesOf = ({ texts }: Bundles): Sample[] =>
  texts
    .flatMap((text) => (JSON.parse(text) as { entry: Entry[] }).entry)
    .map(({ resource }, i) => ({ ...resource, id: `bench-${i}` }))
    .map((resource) => ({ text: JSON.stringify(resource), resource }))
    .map((sample) => ({ ...sample, body: encodeBody(sample.text), xml: toXml(sample.text) }))

const [jsonToXml, xmlToJson] = ['JSON to XML', 'XML to JSON']

const steps: readonly (readonly [string, (sample: Sample) => unknown])[] = [
  ['JSON.parse', ({ text }) => JSON.parse(text)],
  ['validate', ({ resource }) => validate(resource, resource.resourceType)],
  ['extract', ({ resource }) => extractAll(resource)],
  ['extract and index entries', ({ resource }) => indexEntriesOf(resource, '2026-01-01T00:00:00.000Z')],
  ['deflate', ({ text }) => encodeBody(text)],
  ['inflate', ({ body }) => decodeBody(body)],
  [jsonToXml, ({ text }) => toXml(text)],
  [xmlToJson, ({ xml }) => fromXml(xml)],
]

/** Returns the microseconds per sample of one pass. */
const pass = (samples: readonly Sample[], step: (sample: Sample) => unknown): number => {
  const began = performance.now()
  for (const sample of samples) step(sample)
  return ((performance.now() - began) * 1000) / samples.length
}

/** What a resource costs that is written and read once, in XML as a multiple of JSON. */
const xmlRatio = (measured: readonly { name: string; value: number }[]): number => {
  const of = (...names: string[]): number =>
    measured.filter(({ name }) => names.includes(name)).reduce((sum, { value }) => sum + value, 0)
  const json = of('JSON.parse', 'validate', 'extract and index entries', 'deflate', 'inflate')
  return (json + of(jsonToXml, xmlToJson)) / json
}

/** Measures what is computed for each resource, without store and gateway. */
export const pureSection = (bundles: Bundles): Section => {
  const samples = samplesOf(bundles)
  const measured = steps.map(([name, step]) => {
    const passes = Array.from({ length: 6 }, () => pass(samples, step)).slice(1)
    return { name, value: median(passes), unit: 'µs' }
  })
  return {
    title: 'Work per resource',
    note: `Microseconds per resource over ${samples.length} resources (${bundles.source}), the median of five passes after a first one.`,
    columns: ['step', 'µs per resource'],
    rows: measured.map(({ name, value }) => [name, value]),
    figures: [
      ...measured.map((figure) => ({ ...figure, name: `${figure.name} per resource` })),
      {
        name: 'written and read in XML ÷ in JSON',
        value: xmlRatio(measured),
        unit: '×',
        aim: { atMost: 10 },
      },
    ],
  }
}
