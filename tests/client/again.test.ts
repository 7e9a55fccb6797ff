import { expect, test } from 'vitest'
import { again } from '../../client/cli/again.ts'
import { RequestFailure } from '../../client/cli/http.ts'

/** A server that gives these answers in turn, and the last one from then on; time goes by while somebody sleeps. */
const setUp = (...statuses: number[]) => {
  let clock = 0
  let asked = 0
  const time = {
    now: () => clock,
    sleep: async (milliseconds: number) => {
      clock += milliseconds
    },
  }
  const request = async (): Promise<string> => {
    const status = statuses[Math.min(asked++, statuses.length - 1)] ?? 0
    if (status === 200) return 'done'
    throw new RequestFailure(status, undefined)
  }
  return { time, request, asked: () => asked, clock: () => clock }
}

test('a request is sent five times where the server asks for patience', async () => {
  const { time, request, asked } = setUp(503)
  await expect(again(request, false, time)).rejects.toThrow('503')
  expect(asked()).toBe(5)
})

test('a request under a key that was answered with 504 waits until the attempt that was cut off is out of the way', async () => {
  const locked = Array.from({ length: 12 }, () => 409)
  const { time, request, clock } = setUp(504, ...locked, 200)
  expect(await again(request, true, time)).toBe('done')
  expect(clock()).toBeGreaterThan(35_000)
})

test('it gives up after two minutes', async () => {
  const { time, request, clock } = setUp(504)
  await expect(again(request, true, time)).rejects.toThrow('504')
  expect(clock()).toBeGreaterThan(115_000)
  expect(clock()).toBeLessThan(130_000)
})

test('a request without a key, and one that was refused, are not repeated for so long', async () => {
  const plain = setUp(504)
  await expect(again(plain.request, false, plain.time)).rejects.toThrow('504')
  expect(plain.asked()).toBe(5)
  const refused = setUp(504, 422)
  await expect(again(refused.request, true, refused.time)).rejects.toThrow('422')
  expect(refused.asked()).toBe(2)
})
