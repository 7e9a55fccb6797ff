import { expect, test } from 'vitest'
import { relatedResourcesOf } from '../../src/operations/support/related-resources.ts'
import type { ResourceKey, Store, Version } from '../../src/store/port.ts'

const version = (key: ResourceKey, text: string) => ({ ...key, text, deleted: false }) as Version

const store = {
  get: async (keys: readonly ResourceKey[]) => keys.map((key) => version(key, 'x'.repeat(10))),
} as unknown as Store

const names = Array.from({ length: 120 }, (_, i) => `Practitioner/p${String(i).padStart(3, '0')}`)
const record = version(
  { type: 'Observation', id: 'o' },
  JSON.stringify({ performer: [...names, 'Patient/1', names[0]].map((reference) => ({ reference })) }),
)

const ask = (after: string, room: number) =>
  relatedResourcesOf(
    [record],
    { after, room, isWanted: () => true },
    { reader: store, base: 'https://example.org' },
  )

test.each([10_000, 700, 400, 1, -1])(
  'with room for %i characters all related resources are returned, each once',
  async (room) => {
    const told: string[] = []
    let last: string | undefined = ''
    let space = room
    while (last !== undefined) {
      const page: Awaited<ReturnType<typeof ask>> = await ask(last, space)
      told.push(...page.versions.map(({ type, id }) => `${type}/${id}`))
      last = page.last
      space = Math.max(room, 0)
    }
    expect(told).toEqual(names)
  },
)
