import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'
import { type Attempt, pairCount, sides } from './overlap-writer.ts'

/** `npm run test:long -- overlap` writes for a minute. */
const seconds = Number(process.env.OVERLAP_SECONDS ?? 4)
const writers = 8

const writer = fileURLToPath(new URL('./overlap-writer.ts', import.meta.url))

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

interface Resource {
  id: string
  identifier: { value: string }[]
  code: { text: string }
  meta: { versionId: string }
}

const attemptsOf = (number: number, until: number): Promise<Attempt[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [writer, String(number), String(until)], {
      env: { ...process.env, ...server.engines.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', () =>
      resolve(
        said
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      ),
    )
  })

/** Returns what every page holds, newest first. */
const everything = async (target: string): Promise<(Resource | undefined)[]> => {
  const found: (Resource | undefined)[] = []
  for (let next: string | undefined = target; next; ) {
    const { status, json, text } = await server.ask('GET', next)
    if (status !== 200) throw new Error(text)
    found.push(...(json.entry ?? []).map(({ resource }: { resource?: Resource }) => resource))
    const url = (json.link ?? []).find(({ relation }: { relation: string }) => relation === 'next')?.url
    next = url?.slice(url.indexOf('/', 'https://'.length)).replace(/^\/fhir/, '')
  }
  return found
}

/** Reads pairs while they are written; returns how often, and what was seen of a pair that was not whole. */
const watch = async (goesOn: () => boolean) => {
  const torn: unknown[] = []
  let readings = 0
  for (; goesOn(); readings++) {
    const pair = readings % pairCount
    const { json } = await server.ask('GET', `/Basic?_id=${sides.map((side) => `${side}-${pair}`)}`)
    const texts = (json.entry ?? []).map(({ resource }: { resource: Resource }) => resource.code.text)
    if (texts.length === 1 || texts[0] !== texts[1]) torn.push({ pair, texts })
  }
  return { readings, torn }
}

test(`every acknowledged transaction of ${writers} processes is whole, every refused one leaves nothing`, async () => {
  const until = Date.now() + seconds * 1000
  let ended = false
  const watching = watch(() => !ended)
  const said = await Promise.all(Array.from({ length: writers }, (_, i) => attemptsOf(i, until)))
  ended = true
  const { readings, torn } = await watching
  const attempts = said.flat()
  const done = attempts.filter(({ status }) => status === 200)
  const refused = attempts.filter(({ status }) => status !== 200)
  console.log(`${done.length} done, ${refused.length} refused, ${readings} readings`)
  expect([torn, readings > 0, done.length > writers]).toEqual([[], true, true])
  // A search that others' writes keep from its answer is told to come again; like a conflict, it leaves nothing.
  const odd = refused.filter(
    ({ status, retryAfter }) => ![409, 412].includes(status) && !(status === 503 && retryAfter),
  )
  expect(odd).toEqual([])

  const observations = await everything('/Observation?_count=1000')
  const counts = Map.groupBy(observations, (each) => Number(each?.identifier[0]?.value))
  const whole = done.filter(({ number, entries }) => counts.get(number)?.length === entries)
  expect(whole.length).toBe(done.length)
  expect(counts.size).toBe(done.length)
  expect(await everything('/Observation/_history?_count=1000')).toHaveLength(observations.length)

  for (let pair = 0; pair < pairCount; pair++) {
    const [left = [], right = []] = await Promise.all(
      sides.map((side) => everything(`/Basic/${side}-${pair}/_history?_count=1000`)),
    )
    const texts = left.map((each) => each?.code.text ?? 'deleted')
    expect(right.map((each) => each?.code.text ?? 'deleted')).toEqual(texts)
    for (const [i, each] of left.entries())
      if (each) expect(each.meta.versionId).toBe(String(left.length - i))
    const wrote = done.filter(({ pairs, deletes }) => pairs.includes(pair) && !deletes)
    expect(texts.filter((text) => text !== 'deleted').sort()).toEqual(
      wrote.map(({ number }) => String(number)).sort(),
    )
    const { json } = await server.ask(
      'GET',
      `/Basic?_id=${sides.map((side) => `${side}-${pair}`)}&_summary=count`,
    )
    expect(json.total).toBe(texts[0] === 'deleted' ? 0 : 2)
  }
}, 900_000)
