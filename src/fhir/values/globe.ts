/** Positions on the earth: the distances between them, and their cells by https://en.wikipedia.org/wiki/Geohash */

/** In degrees, WGS84. */
export interface Position {
  latitude: number
  longitude: number
}

/** The mean radius in metres, https://en.wikipedia.org/wiki/Earth_radius. */
const radius = 6_371_008.8

const radians = (degrees: number): number => (degrees * Math.PI) / 180
const degrees = (angle: number): number => (angle * 180) / Math.PI

/** Returns the metres between two positions along a great circle. */
export const distance = (a: Position, b: Position): number => {
  const [up, across] = [radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)]
  const share =
    Math.sin(up / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(across / 2) ** 2
  return 2 * radius * Math.asin(Math.min(1, Math.sqrt(share)))
}

const letters = '0123456789bcdefghjkmnpqrstuvwxyz'
const finest = 10

/**
 * Returns the number of rows and columns of cells for names of `size` letters: each letter halves five times, columns
 * first.
 */
const gridOf = (size: number): { rows: number; columns: number } => ({
  rows: 2 ** Math.floor((size * 5) / 2),
  columns: 2 ** Math.ceil((size * 5) / 2),
})

const indexOf = (part: number, whole: number, count: number): number =>
  Math.min(Math.max(Math.floor((part / whole) * count), 0), count - 1)

const globeRow = (latitude: number, rows: number): number => indexOf(latitude + 90, 180, rows)
const columnOf = (longitude: number, columns: number): number => indexOf(longitude + 180, 360, columns)

const bitOf = (row: number, column: number, bits: number, i: number): number => {
  const [index, own] = i % 2 === 0 ? [column, Math.ceil(bits / 2)] : [row, Math.floor(bits / 2)]
  return (index >> (own - 1 - Math.floor(i / 2))) & 1
}

const cellName = (row: number, column: number, size: number): string =>
  Array.from({ length: size }, (_, letter) => {
    const bits = [0, 1, 2, 3, 4].map((i) => bitOf(row, column, size * 5, letter * 5 + i))
    return letters[bits.reduce((sum, bit) => sum * 2 + bit, 0)]
  }).join('')

/** Returns the cell, about a metre wide, of a position; cells whose names begin alike lie within a common larger cell. */
export const cellOf = ({ latitude, longitude }: Position): string => {
  const { rows, columns } = gridOf(finest)
  return cellName(globeRow(latitude, rows), columnOf(longitude, columns), finest)
}

/** Returns the limits of a circle in degrees, a little wider than exact; `width` is 360 if the circle contains a pole. */
const boxOf = ({ latitude }: Position, metres: number) => {
  const angle = (metres * 1.000001 + 0.01) / radius
  const height = degrees(angle)
  const [south, north] = [latitude - height, latitude + height]
  const reach = Math.sin(angle) / Math.cos(radians(latitude))
  const isWide = south <= -90 || north >= 90 || reach >= 1
  return { south, north, width: isWide ? 360 : 2 * degrees(Math.asin(reach)) }
}

/** The most cells around a circle: a search reads as many lists at once. */
const mostCells = 12

/** Returns the cells that together cover a circle, at most twelve; undefined if they would be the whole earth. */
export const cellsAround = (centre: Position, metres: number): readonly string[] | undefined => {
  for (let size = finest; size > 0; size--) {
    const cells = cellsOfSize(centre, metres, size)
    if (cells) return cells
  }
  return undefined
}

const cellsOfSize = (centre: Position, metres: number, size: number): readonly string[] | undefined => {
  const { rows, columns } = gridOf(size)
  const { south, north, width } = boxOf(centre, metres)
  const [bottom, top] = [globeRow(south, rows), globeRow(north, rows)]
  const left = Math.floor(((centre.longitude - width / 2 + 180) / 360) * columns)
  const right = Math.floor(((centre.longitude + width / 2 + 180) / 360) * columns)
  const across = Math.min(right - left + 1, columns)
  if (across * (top - bottom + 1) > mostCells) return undefined
  return Array.from({ length: top - bottom + 1 }, (_, up) =>
    Array.from({ length: across }, (_each, i) =>
      cellName(bottom + up, (((left + i) % columns) + columns) % columns, size),
    ),
  ).flat()
}
