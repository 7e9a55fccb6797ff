import type { Bundle, FhirResource, Observation } from 'fhir/r4.js'
import { describe, expect, test } from 'vitest'
import { demoBundles, patientBundle } from '../../../src/local/demo/bundle.ts'
import { validate } from '../../../src/validate/validate.ts'

const until = '2026-01-01'
const texts = [...demoBundles(60, { seed: 7, until })]
const bundles = texts.map((text) => JSON.parse(text) as Bundle)

const resourcesOf = (bundle: Bundle): FhirResource[] =>
  (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource as FhirResource] : []))

const observationsOf = (bundle: Bundle): Observation[] =>
  resourcesOf(bundle).filter((resource) => resource.resourceType === 'Observation')

const withCode = (observations: readonly Observation[], code: string): Observation[] =>
  observations.filter((observation) => observation.code.coding?.some((coding) => coding.code === code))

const componentValue = (observation: Observation, code: string): number =>
  observation.component?.find((part) => part.code.coding?.[0]?.code === code)?.valueQuantity?.value ??
  Number.NaN

const linksIn = (text: string): string[] =>
  [...text.matchAll(/"reference":"([^"]+)"/g)].map(([, link]) => link ?? '')

describe('the made-up patients', () => {
  test('are the same to the byte for the same seed, index and day', () => {
    expect([...demoBundles(60, { seed: 7, until })]).toEqual(texts)
    expect(JSON.stringify(patientBundle(7, 41, { until }))).toBe(texts[41])
  })

  test('are others for another seed', () => {
    const others = [...demoBundles(60, { seed: 8, until })]
    expect(others.filter((text, i) => text === texts[i])).toEqual([])
  })

  test('keep to the size of a record of some years', () => {
    const sizes = bundles.map((bundle) => bundle.entry?.length ?? 0)
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
    expect(mean).toBeGreaterThan(150)
    expect(mean).toBeLessThan(320)
    expect(Math.max(...sizes)).toBeLessThan(600)
  })

  test('link only to entries of their own bundle, each of which has a full URL of its own', () => {
    for (const [i, text] of texts.entries()) {
      const urls = (bundles[i]?.entry ?? []).map(({ fullUrl }) => fullUrl ?? '')
      expect(new Set(urls).size).toBe(urls.length)
      expect(linksIn(text).filter((link) => !urls.includes(link))).toEqual([])
      expect(urls.filter((url) => !/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(url))).toEqual(
        [],
      )
    }
  })

  test('have record numbers and full URLs that no other patient has', () => {
    const numbers = texts.map((text) => /MRN-[0-9-]+/.exec(text)?.[0])
    expect(new Set(numbers).size).toBe(texts.length)
    const urls = bundles.map((bundle) => bundle.entry?.[0]?.fullUrl)
    expect(new Set(urls).size).toBe(texts.length)
  })

  test('create their clinic and practitioner only where the identifier is new', () => {
    const shared = bundles
      .flatMap((bundle) => bundle.entry ?? [])
      .filter(({ request }) => request?.ifNoneExist)
    expect(new Set(shared.map(({ resource }) => resource?.resourceType))).toEqual(
      new Set(['Organization', 'Practitioner']),
    )
    const sameIdentifier = Map.groupBy(shared, ({ request }) => request?.ifNoneExist)
    for (const entries of sameIdentifier.values()) {
      expect(new Set(entries.map(({ resource }) => JSON.stringify(resource))).size).toBe(1)
    }
  })

  test('have names with accents among them', () => {
    expect(texts.some((text) => /"family":"[^"]*[^ -~][^"]*"/.test(text))).toBe(true)
  })

  test('know nothing of the time after the given day', () => {
    for (const text of texts) {
      const days = [...text.matchAll(/"(\d{4}-\d{2}-\d{2})(?:T[^"]*)?"/g)].map(([, found]) => found ?? '')
      expect(days.filter((found) => found > until)).toEqual([])
    }
  })
})

describe('their vital signs', () => {
  test('have pressures as plausible pairs', () => {
    const panels = bundles.flatMap((bundle) => withCode(observationsOf(bundle), '85354-9'))
    expect(panels.length).toBeGreaterThan(400)
    for (const panel of panels) {
      const [high, low] = [componentValue(panel, '8480-6'), componentValue(panel, '8462-4')]
      expect(high).toBeGreaterThan(70)
      expect(high).toBeLessThan(210)
      expect(low).toBeGreaterThanOrEqual(40)
      expect(high - low).toBeGreaterThanOrEqual(20)
    }
  })

  test.each([
    ['8867-4', 45, 180],
    ['9279-1', 9, 55],
    ['8310-5', 35.5, 40.5],
    ['59408-5', 86, 100],
    ['8302-2', 45, 205],
    ['29463-7', 2.5, 190],
    ['39156-5', 12, 50],
  ])('%s stays between %d and %d', (code, low, high) => {
    const values = bundles
      .flatMap((bundle) => withCode(observationsOf(bundle), code))
      .map(({ valueQuantity }) => valueQuantity?.value ?? Number.NaN)
    expect(values.length).toBeGreaterThan(100)
    expect(values.filter((value) => !(value >= low && value <= high))).toEqual([])
  })

  test('keep a trailing zero in a temperature or a weight', () => {
    expect(texts.some((text) => /"value":\d+\.0,"unit":"°C"/.test(text))).toBe(true)
    const temperatures = texts.flatMap((text) => [...text.matchAll(/"value":([0-9.]+),"unit":"°C"/g)])
    expect(temperatures.filter(([, digits]) => !/^\d\d\.\d$/.test(digits ?? ''))).toEqual([])
  })

  test('let children grow', () => {
    const children = bundles.filter((bundle) => withCode(observationsOf(bundle), '9843-4').length > 3)
    expect(children.length).toBeGreaterThan(0)
    for (const child of children) {
      const heights = withCode(observationsOf(child), '8302-2').map(
        ({ valueQuantity }) => valueQuantity?.value ?? 0,
      )
      expect(heights.every((height, i) => i === 0 || height > (heights[i - 1] ?? 0) - 1)).toBe(true)
      expect((heights.at(-1) ?? 0) - (heights[0] ?? 0)).toBeGreaterThan(5)
    }
  })
})

test('laboratory reports list results of the same instant, with reference ranges', () => {
  for (const bundle of bundles) {
    const byUrl = new Map(bundle.entry?.map(({ fullUrl, resource }) => [fullUrl, resource]))
    for (const report of resourcesOf(bundle).filter(
      ({ resourceType }) => resourceType === 'DiagnosticReport',
    )) {
      if (report.resourceType !== 'DiagnosticReport') continue
      const results = (report.result ?? []).map(({ reference }) => byUrl.get(reference))
      expect(results.length).toBeGreaterThan(3)
      for (const result of results) {
        expect(result).toMatchObject({ effectiveDateTime: report.effectiveDateTime, referenceRange: [{}] })
      }
    }
  }
})

test('a child has the immunizations of its age, each dose once', () => {
  const doses = bundles.map((bundle) =>
    resourcesOf(bundle)
      .filter((resource) => resource.resourceType === 'Immunization')
      .filter(({ protocolApplied }) => protocolApplied)
      .map(
        ({ vaccineCode, protocolApplied }) =>
          `${vaccineCode.coding?.[0]?.code} ${JSON.stringify(protocolApplied)}`,
      ),
  )
  expect(Math.max(...doses.map((list) => list.length))).toBeGreaterThan(20)
  for (const list of doses) expect(new Set(list).size).toBe(list.length)
})

test('every resource is valid R4', () => {
  for (const resource of bundles.flatMap(resourcesOf)) {
    const { resourceType } = resource
    const errors = validate(resource, resourceType).filter(({ severity }) => severity !== 'warning')
    expect(errors, JSON.stringify(resource)).toEqual([])
  }
})
