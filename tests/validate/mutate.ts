/** Changes a valid resource at one place, at random but the same for the same seed. */

type Json = Record<string, unknown>

/** A random number below another. */
export type Roll = (below: number) => number

/** Returns a generator of numbers that are the same for the same seed (mulberry32). */
export const rollOf = (seed: number): Roll => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** A place in a resource: what holds it, and its name or position there. */
interface Place {
  holder: Json | unknown[]
  name: string | number
  value: unknown
  /** The nearest member name, as in `Patient.name[0].given`. */
  path: string
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const placesIn = (holder: Json | unknown[], path: string): Place[] =>
  Object.entries(holder).flatMap(([key, value]) => {
    const name = Array.isArray(holder) ? Number(key) : key
    const at = Array.isArray(holder) ? `${path}[${key}]` : `${path}.${key}`
    const below = typeof value === 'object' && value !== null ? placesIn(value as Json, at) : []
    return name === 'resourceType' ? [] : [{ holder, name, value, path: at }, ...below]
  })

const put = ({ holder, name }: Place, value: unknown): void => {
  ;(holder as Json)[name] = value
}

const remove = ({ holder, name }: Place): void => {
  if (Array.isArray(holder)) holder.splice(Number(name), 1)
  else delete holder[name]
}

const garbled = (text: string, roll: Roll): string => {
  const at = roll(text.length + 1)
  const ways = [
    `${text} `,
    ` ${text}`,
    `${text.slice(0, at)}x${text.slice(at)}`,
    text.slice(0, at) + text.slice(at + 1),
    text.replace(/\d/g, '9'),
    `${text.slice(0, at)}  ${text.slice(at)}`,
    text.toUpperCase(),
    '2021-02-30',
    '2021-02-03T25:00:00Z',
  ]
  return ways[roll(ways.length)] ?? text
}

const retyped = (value: unknown, roll: Roll): unknown => {
  const others = ['text', 7, -1.5, true, { text: 'x' }, ['x'], [value], [[value]], null]
  return others[roll(others.length)]
}

const choiceTypes = [
  'String',
  'Quantity',
  'Boolean',
  'CodeableConcept',
  'DateTime',
  'Period',
  'Meta',
  'Banana',
]

type Mutation = (place: Place, roll: Roll, all: readonly Place[]) => boolean

type Member = Place & { holder: Json }

const isMember = (place: Place): place is Member => !Array.isArray(place.holder)

/** Each returns whether it could do something there. */
const mutations: Readonly<Record<string, Mutation>> = {
  drop: (place) => {
    remove(place)
    return true
  },
  duplicate: (place) => {
    if (Array.isArray(place.holder)) place.holder.push(structuredClone(place.value))
    else put(place, [place.value, structuredClone(place.value)])
    return true
  },
  unlist: (place) => {
    if (!Array.isArray(place.value)) return false
    put(place, place.value[0])
    return true
  },
  retype: (place, roll) => {
    put(place, retyped(place.value, roll))
    return true
  },
  unknown: (place, roll) => {
    if (!isMember(place)) return false
    const name = String(place.name)
    const names = ['foo', `${name}s`, name.slice(0, -1), `_${name}`, name.toUpperCase()]
    place.holder[names[roll(names.length)] ?? 'foo'] = roll(2) ? place.value : 'x'
    return true
  },
  format: (place, roll) => {
    if (typeof place.value !== 'string' || place.value === '' || place.name === 'div') return false
    put(place, garbled(place.value, roll))
    return true
  },
  code: (place) => {
    if (typeof place.value !== 'string' || !/^[a-z-]{2,20}$/.test(place.value)) return false
    put(place, 'no-such-code')
    return true
  },
  empty: (place, roll) => {
    put(place, ['', [], {}, null, ' '][roll(5)])
    return true
  },
  choice: (place, roll) => {
    const [, stem] = /^_?([a-z]+)[A-Z]/.exec(String(place.name)) ?? []
    if (!stem || !isMember(place)) return false
    const name = stem + choiceTypes[roll(choiceTypes.length)]
    if (roll(2)) remove(place)
    place.holder[name] = roll(2) ? place.value : 'x'
    return true
  },
  graft: (place, roll, all) => {
    const other = all[roll(all.length)]
    if (!other) return false
    put(place, structuredClone(other.value))
    return true
  },
  reference: (place, roll) => {
    if (place.name !== 'reference') return false
    put(place, ['Medication/1', 'Banana/1', '#nobody', 'patient/1', 'Patient', 'Group/1/_history/2'][roll(6)])
    return true
  },
  number: (place, roll) => {
    if (typeof place.value !== 'number') return false
    put(place, [-place.value, 0, 0.5, 1e12, String(place.value)][roll(5)])
    return true
  },
  'drop two': (place, roll, all) => {
    const other = all.filter(({ holder }) => holder === place.holder)
    if (other.length < 2 || !isMember(place)) return false
    remove(place)
    const second = other[roll(other.length)]
    if (second) remove(second)
    return true
  },
}

const kinds = Object.entries(mutations)

/** What was changed, and where. */
export interface Mutant {
  kind: string
  path: string
  resource: Json
}

/** Returns the resource with one random mutation. */
export const mutated = (original: Json, roll: Roll): Mutant => {
  for (;;) {
    const resource = structuredClone(original)
    const places = placesIn(resource, String(resource.resourceType))
    const [kind, mutate] = kinds[roll(kinds.length)] ?? ['drop', mutations.drop]
    const place = places[roll(places.length)]
    if (place && isObject(resource) && mutate?.(place, roll, places))
      return { kind, path: place.path, resource }
  }
}
