import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bundleKey,
  entryKey,
  entryPlace,
  historyKeys,
  isBelow,
  keyValue,
  orderBounds,
  pastSortKey,
  patientList,
  rangeList,
  resourceOfPartition,
  resourcePartition,
  shardOf,
  sideList,
  stringList,
  typeList,
  valueList,
  versionOfKey,
} from '../../src/store/keys.ts'
import { spanClassOf } from '../../src/store/spans.ts'
import {
  bornAt,
  isAlone,
  isLost,
  isTooOldToCommit,
  journalWriteId,
  newWriteId,
} from '../../src/store/write-ids.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const order = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\u0001'))
const list = typeList('Patient')
const w = newWriteId(true)

describe('keys of entries', () => {
  test('sort as their orders sort', () => {
    fc.assert(
      fc.property(order, order, (a, b) => {
        const [one, two] = [a, b].map((text) => entryKey('t', list, text, w).sk) as [string, string]
        expect(isBelow(one, two)).toBe(isBelow(a, b))
      }),
    )
  })

  test('lie within bounds exactly when their orders do', () => {
    fc.assert(
      fc.property(order, order, order, (from, to, text) => {
        const { sk } = entryKey('t', list, text, w)
        const bounds = orderBounds(from, to)
        const isWithin = !isBelow(sk, bounds.from ?? '') && isBelow(sk, bounds.to ?? '')
        expect(isWithin).toBe(!isBelow(text, from) && isBelow(text, to))
      }),
    )
  })

  test('give their order and write back', () => {
    fc.assert(
      fc.property(order, (text) => {
        expect(entryPlace(entryKey('t', list, text, w).sk)).toEqual({ order: text, w })
      }),
    )
  })

  test('fit DynamoDB’s limits, whatever the value and the order', () => {
    const long = fc.string({ unit: 'binary', maxLength: 3_000 })
    fc.assert(
      fc.property(long, long, (value, text) => {
        const key = entryKey('tenant', sideList(valueList('Observation', 'code', value), 'open'), text, w)
        expect(bytes(key.pk).length).toBeLessThanOrEqual(2_048)
        expect(bytes(key.sk).length).toBeLessThanOrEqual(1_024)
      }),
    )
  })
})

describe('names of lists', () => {
  test('differ when type, parameter, value or kind of list differ', () => {
    const part = fc.string({ maxLength: 8 })
    const one = fc.tuple(fc.constantFrom('Patient', 'Group'), fc.constantFrom('a', 'b'), part)
    fc.assert(
      fc.property(one, one, (a, b) => {
        const same = a.every((text, n) => text === b[n])
        expect(valueList(...a).name === valueList(...b).name).toBe(same)
        const all = [
          valueList(...a),
          rangeList(a[0], a[1]),
          stringList(...a),
          typeList(a[0]),
          patientList(a[2]),
        ]
        const names = [...all, ...all.map((list) => sideList(list, '32d'))].map(({ name }) => name)
        expect(new Set(names).size).toBe(names.length)
      }),
    )
  })

  test('keep values of up to 200 bytes and tell longer ones apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (value) => {
        expect(keyValue(value) === value).toBe(bytes(value).length <= 200)
        expect(keyValue(`${value}${'x'.repeat(200)}`)).not.toBe(keyValue(`${value}${'x'.repeat(201)}`))
      }),
    )
  })

  test('spread hot lists and keep identifiers, references and strings together', () => {
    expect(valueList('Observation', 'code', '8480-6').shards).toBe(4)
    expect(valueList('Patient', 'identifier', '1').shards).toBe(1)
    expect(valueList('Observation', 'encounter', 'e1', 'reference').shards).toBe(1)
    expect(stringList('Patient', 'name', 'a').shards).toBe(1)
    expect(patientList('p1').shards).toBe(1)
    expect(rangeList('Observation', 'value-quantity', 'quantity').shards).toBe(4)
  })
})

describe('shards', () => {
  test('are within their number and share the load', () => {
    const shards = Array.from({ length: 4_000 }, () => shardOf(newWriteId(false), 4))
    for (const shard of [0, 1, 2, 3]) {
      expect(shards.filter((one) => one === shard).length).toBeGreaterThan(800)
    }
  })
})

describe('spans', () => {
  test('are classed by the longest interval of their class', () => {
    const day = 86_400_000
    expect(
      [0, day, day + 1, 32 * day, 33 * day, 1025 * day, Number.POSITIVE_INFINITY].map(spanClassOf),
    ).toEqual([undefined, undefined, '32d', '32d', '1024d', 'open', 'open'])
  })
})

describe('keys of resources', () => {
  test('give tenant, type and id back', () => {
    const place = { tenant: 'main', type: 'Patient', id: 'a-1.b' }
    expect(resourceOfPartition(resourcePartition('main', place))).toEqual(place)
  })

  test('sort past versions by number', () => {
    const sorted = [1, 2, 9, 10, 11, 100, 1_000_000].map(pastSortKey)
    expect(sorted.toSorted()).toEqual(sorted)
  })

  test('name the version in the history', () => {
    const { tpk, tsk, dpk, dsk } = historyKeys(
      'main',
      { type: 'Patient', id: 'p1' },
      12,
      '2026-11-21T10:00:00.000Z',
    )
    expect([tpk.slice(0, -1), dpk.slice(0, -1)]).toEqual(['main|Patient|', 'main|2026-11-21|'])
    expect([versionOfKey(tsk), versionOfKey(dsk)]).toEqual([12, 12])
  })

  test('say by the write id whether a write stood alone', () => {
    expect([isAlone(newWriteId(true)), isAlone(newWriteId(false))]).toEqual([true, false])
    expect(newWriteId(true)).not.toBe(newWriteId(true))
  })

  test('say by the write id when it was made, and so whether it may still be committed', () => {
    const now = Date.parse('2026-11-21T10:00:00.500Z')
    const ids = [newWriteId(true, now), newWriteId(false, now), journalWriteId(`${'0'}${now - 500}-x`, 0)]
    for (const id of ids) expect([id, bornAt(id)]).toEqual([id, now - 500])
    const [w1 = ''] = ids
    expect([isTooOldToCommit(899_999), isTooOldToCommit(900_001)]).toEqual([false, true])
    const minutes = (count: number) => isLost(w1, now + count * 60_000)
    expect([25, 27, -25, -27].map(minutes)).toEqual([false, true, false, true])
    expect([bornAt('x'), isLost('somebody', now)]).toEqual([0, true])
  })

  test('put a bundle under its tenant and day', () => {
    expect(bundleKey('main', '2026-11-21T10:00:00.000Z', 'b1')).toBe(
      'archive/bundles/main/2026-11-21/b1.json.gz',
    )
  })
})
