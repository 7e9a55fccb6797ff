import type { Resource } from '../src/fhir/definitions.ts'
import { extractAll } from '../src/fhir/parameters.ts'
import { entriesOf } from '../src/search/entries.ts'
import { decodeBody, encodeBody } from '../src/store/body.ts'
import { validate } from '../src/validate/validate.ts'
import type { Bundles } from './bundles.ts'
import { median, type Section } from './figures.ts'

interface Sample {
  text: string
  resource: Resource
  body: Uint8Array
}

interface Entry {
  resource: Resource
}

const samplesOf = ({ texts }: Bundles): Sample[] =>
  texts
    .flatMap((text) => (JSON.parse(text) as { entry: Entry[] }).entry)
    .map(({ resource }, i) => ({ ...resource, id: `bench-${i}` }))
    .map((resource) => ({ text: JSON.stringify(resource), resource }))
    .map((sample) => ({ ...sample, body: encodeBody(sample.text) }))

const steps: readonly (readonly [string, (sample: Sample) => unknown])[] = [
  ['JSON.parse', ({ text }) => JSON.parse(text)],
  ['validate', ({ resource }) => validate(resource, resource.resourceType)],
  ['extract', ({ resource }) => extractAll(resource)],
  ['extract and index entries', ({ resource }) => entriesOf(resource, '2026-01-01T00:00:00.000Z')],
  ['deflate', ({ text }) => encodeBody(text)],
  ['inflate', ({ body }) => decodeBody(body)],
]

/** Returns the microseconds per sample of one pass. */
const pass = (samples: readonly Sample[], step: (sample: Sample) => unknown): number => {
  const began = performance.now()
  for (const sample of samples) step(sample)
  return ((performance.now() - began) * 1000) / samples.length
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
    figures: measured.map((figure) => ({ ...figure, name: `${figure.name} per resource` })),
  }
}
