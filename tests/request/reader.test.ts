import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readerUnder } from '../../src/request/reader.ts'
import { readQuery } from '../../src/search/custom.ts'
import { searchType } from '../../src/search/multi-type.ts'
import type { ReadRule } from '../../src/store/reader.ts'
import { type Known, put } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'

const base = 'https://example.org/fhir'

/** Only patients of organization `a`, and only Observations of those. */
const ownPatients: ReadRule = {
  narrow: (type) => (type === 'Patient' ? [['organization', 'Organization/a']] : []),
  judge: async (versions, get) => {
    const isOwn = (text: string | undefined) => text?.includes('"Organization/a"') ?? false
    const ids = versions.map(({ text }) => /"Patient\/([^"]+)"/.exec(text)?.[1] ?? '')
    const keys = versions.flatMap(({ type }, at) =>
      type === 'Patient' ? [] : [{ type: 'Patient', id: ids[at] ?? '' }],
    )
    const patients = keys.length > 0 ? await get(keys) : []
    const texts = new Map(patients.map((patient) => [patient?.id, patient?.text]))
    return versions.map(({ type, text }, at) => isOwn(type === 'Patient' ? text : texts.get(ids[at])))
  },
}

const resources = ['a', 'b'].flatMap((name): Known[] => [
  {
    resourceType: 'Patient',
    id: name,
    gender: 'male',
    managingOrganization: { reference: `Organization/${name}` },
  },
  { resourceType: 'Observation', id: `o${name}`, status: 'final', subject: { reference: `Patient/${name}` } },
])

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
  await engines.openStore('main').commit(resources.map((each) => put(each, '2026-01-01T00:00:00.000Z')))
})
afterAll(() => engines?.stop())

const reader = () => readerUnder(engines.openStore('main'), [ownPatients])

const found = async (url: string) => {
  const [type = '', query] = url.split('?')
  const own = reader()
  const { query: asked } = await readQuery(
    type,
    [...new URLSearchParams(query)],
    { lenient: false, base },
    own,
  )
  const { matches, included, total } = await searchType(asked, { reader: own })
  return { ids: [...matches, ...included].map(({ id }) => id).sort(), total }
}

describe('a reader under a rule', () => {
  test.each([
    ['Patient?gender=male', ['a'], 1],
    ['Patient?_id=b', [], 0],
    ['Observation?status=final', ['oa'], 1],
    ['Observation?patient=Patient/b', [], 0],
    ['Observation?status=final&_summary=count', [], 1],
    ['Observation?subject:Patient.gender=male', ['oa'], 1],
    ['Patient?_has:Observation:patient:status=final', ['a'], 1],
    ['Observation?_include=Observation:subject', ['a', 'oa'], 1],
    ['Patient?_revinclude=Observation:subject', ['a', 'oa'], 1],
  ])('finds for %s only what is visible', async (url, ids, total) => {
    expect(await found(url)).toEqual({ ids, total })
  })

  test('reads hidden resources and versions as unknown ones', async () => {
    const [seen, hidden] = await reader().get([
      { type: 'Patient', id: 'a' },
      { type: 'Patient', id: 'b' },
    ])
    expect([seen?.id, hidden]).toEqual(['a', undefined])
    expect(await reader().version({ type: 'Observation', id: 'ob' }, 1)).toBeUndefined()
    expect((await reader().version({ type: 'Observation', id: 'oa' }, 1))?.id).toBe('oa')
  })

  test('leaves hidden versions out of histories', async () => {
    const { versions } = await reader().history({ type: 'Patient', limit: 10 })
    expect(versions.map(({ id }) => id)).toEqual(['a'])
    expect(await reader().history({ type: 'Patient', id: 'b', limit: 10 })).toEqual({ versions: [] })
  })

  test('is the store itself where there is no rule', () => {
    const store = engines.openStore('main')
    expect(readerUnder(store, [])).toBe(store)
  })
})
