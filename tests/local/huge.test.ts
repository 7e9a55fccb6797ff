import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { killJobs, laterOf, redelivering } from './later.ts'

/** `npm run test:long -- huge` takes 25,000, and kills the worker once. */
const count = Number(process.env.HUGE_ENTRIES ?? 1_500)
const kills = count > 10_000
const perPatient = 50

const template = redelivering(180)
let stack: Stack
let later: ReturnType<typeof laterOf>
beforeAll(async () => {
  stack = await startStack({ environments: 2, template })
  later = laterOf(stack, `Bearer ${await stack.token('clinician')}`)
})
afterAll(() => stack?.stop())

const patient = (i: number) => ({
  fullUrl: `urn:uuid:00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
  resource: { resourceType: 'Patient', name: [{ family: 'Huge', given: [String(i)] }] },
  request: { method: 'POST', url: 'Patient' },
})

const observation = (i: number, code: string) => ({
  resource: {
    resourceType: 'Observation',
    status: 'final',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' },
        ],
      },
    ],
    code: {
      coding: [
        { system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' },
        { code: `${code}-${Math.floor(i / perPatient)}` },
      ],
    },
    subject: { reference: patient(Math.floor(i / perPatient)).fullUrl },
    effectiveDateTime: `2026-0${1 + (i % 9)}-11T10:${10 + (i % 50)}:00+01:00`,
    valueQuantity: { value: 60 + (i % 40), unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  },
  request: { method: 'POST', url: 'Observation' },
})

const text = (code: string, last: object) =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      ...Array.from({ length: parts }, (_, i) => patient(i)),
      ...Array.from({ length: count }, (_, i) => observation(i, code)),
      last,
    ],
  })

const note = (code: string) => ({ resourceType: 'Basic', id: code, code: { text: 'x' } })

/** Returns how many of one patient's observations are found, or in place of that why it is not known. */
const seenOf = async (code: string, part: number): Promise<number | string> => {
  const response = await later.ask('GET', `/Observation?code=${code}-${part}&_summary=count`)
  const { total, issue } = (await response.json()) as { total?: number; issue?: { code: string }[] }
  return total ?? `${response.status} ${issue?.[0]?.code}`
}

const parts = Math.ceil(count / perPatient)

const totalOf = async (code: string): Promise<number> => {
  let total = 0
  for (let part = 0; part < parts; part++) total += Number(await seenOf(code, part))
  return total
}

const sent = async (body: string): Promise<string> => {
  const { url, status } = await later.upload(`size=${Buffer.byteLength(body)}`)
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/fhir+json' },
    body,
  })
  expect(response.status).toBe(200)
  return status
}

const done = async (status: string) => (await later.outcomeAt(status, 900_000)).entry[0]?.response.status

const kill = async (status: string): Promise<void> => {
  const progress = async () => (await later.ask('GET', status)).headers.get('x-progress')
  while ((await progress()) !== 'being done') await sleep(10)
  await sleep(count / 4)
  killJobs(stack, template)
}

/** Looks at one part after the other until told to stop; returns what was neither nothing nor the whole of a part. */
const watch = async (goesOn: () => boolean): Promise<unknown[]> => {
  const odd: unknown[] = []
  let wasThere = false
  for (let part = 0; goesOn(); part = (part + 7) % parts) {
    const began = performance.now()
    const seen = await seenOf('whole', part)
    const waited = Math.round(performance.now() - began)
    if (kills && waited > 3_000) console.log(`A reader waited ${waited} ms: ${seen}`)
    // A reader may run out of time while so much is being written; then it has seen nothing.
    if (seen !== perPatient && seen !== '504 timeout' && (seen !== 0 || wasThere)) odd.push({ part, seen })
    wasThere ||= seen === perPatient
    await sleep(20)
  }
  return odd
}

test(`a transaction of ${count} entries is seen whole or not at all`, async () => {
  const body = text('whole', { resource: note('whole'), request: { method: 'PUT', url: 'Basic/whole' } })
  const began = performance.now()
  const status = await sent(body)
  if (kills) await kill(status)
  let ended = false
  const seen = watch(() => !ended)
  expect(await done(status)).toBe('200 OK')
  ended = true
  const seconds = (performance.now() - began) / 1000
  if (kills) console.log(`${count} entries, ${body.length} bytes: ${seconds.toFixed(1)} s, killed once`)
  expect(await seen).toEqual([])
  expect(await totalOf('whole')).toBe(count)
  expect((await later.ask('GET', '/Basic/whole')).status).toBe(200)
}, 1_200_000)

test(`a transaction of ${count} entries that is refused leaves no trace`, async () => {
  const request = { method: 'PUT', url: 'Basic/whole', ifMatch: 'W/"7"' }
  const status = await sent(text('refused', { resource: note('whole'), request }))
  expect(await done(status)).toBe('412 Precondition Failed')
  expect(await totalOf('refused')).toBe(0)
}, 1_200_000)
