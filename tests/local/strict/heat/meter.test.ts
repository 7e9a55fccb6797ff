import { expect, test } from 'vitest'
import { createMeter, type Touch } from '../../../../src/local/strict/heat/meter.ts'

const write = (key: string, least = 100): Touch => ({ table: 't', key, kind: 'write', least })
const read = (key: string, least = 100): Touch => ({ table: 't', key, kind: 'read', least })

const meterOf = (limitKeys: boolean, limitTables: boolean) => {
  const clock = { now: 0 }
  return {
    clock,
    meter: createMeter(
      () => ({ limitKeys, limitTables }),
      () => clock.now,
    ),
  }
}

test('a key gives 1,000 writes and 3,000 reads a second, however long it rested', () => {
  const { clock, meter } = meterOf(true, false)
  clock.now = 600_000
  for (let n = 0; n < 10; n++) expect(meter.admit([write('a')])).toBeUndefined()
  expect(meter.admit([write('a')])).toMatchObject({ key: 'a' })
  expect(meter.admit([write('b')])).toBeUndefined()
  for (let n = 0; n < 30; n++) expect(meter.admit([read('a')])).toBeUndefined()
  expect(meter.admit([read('a')])).toMatchObject({ key: 'a' })
  clock.now += 100
  expect(meter.admit([write('a')])).toBeUndefined()
  expect(meter.admit([write('a')])).toMatchObject({ key: 'a' })
})

test('units beyond the least are owed to the next seconds', () => {
  const { clock, meter } = meterOf(true, false)
  meter.admit([write('a', 1)])
  meter.charge(write('a'), 2_999)
  clock.now = 1_900
  expect(meter.admit([write('a', 1)])).toBeDefined()
  clock.now = 2_100
  expect(meter.admit([write('a', 1)])).toBeUndefined()
})

test('a new on-demand table gives 4,000 writes and 12,000 reads over all of its keys', () => {
  const { meter } = meterOf(true, true)
  for (let n = 0; n < 40; n++) expect(meter.admit([write(`w${n}`)])).toBeUndefined()
  expect(meter.admit([write('w40')])).toBeDefined()
  for (let n = 0; n < 120; n++) expect(meter.admit([read(`r${n}`)])).toBeUndefined()
  expect(meter.admit([read('r120')])).toBeDefined()
  expect(meter.admit([{ ...write('w'), index: 'i' }])).toBeUndefined()
})

test('units are counted where no limit is enforced, the hottest keys first', () => {
  const { clock, meter } = meterOf(false, false)
  for (let n = 0; n < 20; n++) meter.admit([write('a'), read('b')])
  clock.now = 1_000
  meter.admit([write('a', 5)])
  expect(meter.hottest(5)).toEqual([
    { table: 't', key: 'a', kind: 'write', units: 2_005, peak: 2_000 },
    { table: 't', key: 'b', kind: 'read', units: 2_000, peak: 2_000 },
  ])
  expect(meter.hottest(1)).toHaveLength(1)
})

test('of very many keys those are forgotten that were touched least lately', () => {
  const { meter } = meterOf(false, false)
  meter.admit([write('early', 900)])
  for (let n = 0; n < 250_000; n++) {
    meter.admit([write(`k${n}`, 1)])
    if (n % 1_000 === 0) meter.admit([write('often', 1)])
  }
  const keys = meter.hottest(1_000_000).map(({ key }) => key)
  expect(keys.length).toBeLessThanOrEqual(200_000)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys[0]).toBe('often')
  expect(keys).toContain('k249999')
  expect(keys).toContain('k160000')
  expect(keys).not.toContain('early')
})
