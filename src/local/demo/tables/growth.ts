import type { Gender } from '../person.ts'

/** Ages in years of the median heights and weights below. */
const ages = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]

/** Rounded medians in centimetres and kilograms, close to the WHO and CDC charts. */
const medians: Record<Gender, { height: readonly number[]; weight: readonly number[] }> = {
  male: {
    height: [
      49.9, 61.4, 67.6, 72, 75.7, 82.3, 87.8, 96.1, 103.3, 110, 116, 121.7, 127.3, 132.6, 137.8, 143.1, 149.1,
      156, 163.8, 170.1, 173.4, 175.2, 176.1,
    ],
    weight: [
      3.3, 6.4, 7.9, 8.9, 9.6, 10.9, 12.2, 14.3, 16.3, 18.3, 20.5, 22.9, 25.4, 28.1, 31.2, 35.3, 40, 45.3,
      50.8, 56, 60.8, 64.5, 67.2,
    ],
  },
  female: {
    height: [
      49.1, 59.8, 65.7, 70.1, 74, 80.7, 86.4, 95.1, 102.7, 109.4, 115.1, 120.8, 126.6, 132.5, 138.6, 144.8,
      151.5, 157.1, 160.4, 161.8, 162.4, 162.8, 163.1,
    ],
    weight: [
      3.2, 5.8, 7.3, 8.2, 8.9, 10.2, 11.5, 13.9, 16.1, 18.2, 20.2, 22.4, 25, 28.2, 31.9, 36.9, 41.5, 45.8,
      49.4, 52, 53.9, 55.1, 56.2,
    ],
  },
}

/** Returns the value at `x` on the line through the points, flat beyond the last point. */
export const interpolate = (xs: readonly number[], ys: readonly number[], x: number): number => {
  const next = xs.findIndex((point) => point > x)
  if (next === -1) return ys.at(-1) ?? 0
  const before = Math.max(0, next - 1)
  const [x0 = 0, x1 = 1, y0 = 0, y1 = 0] = [xs[before], xs[next], ys[before], ys[next]]
  return next === before ? y0 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
}

/** Returns the median height in centimetres at an age; from 18 on, an adult's. */
export const medianHeight = (gender: Gender, age: number): number =>
  interpolate(ages, medians[gender].height, age)

/** Returns the median weight in kilograms at an age up to 18. */
export const medianWeight = (gender: Gender, age: number): number =>
  interpolate(ages, medians[gender].weight, age)

/** Returns the median circumference of the head in centimetres at an age up to 3. */
export const medianHead = (age: number): number =>
  interpolate([0, 0.25, 0.5, 1, 1.5, 2, 3], [34.4, 40.2, 42.9, 45.8, 47.2, 48.2, 49.5], age)
