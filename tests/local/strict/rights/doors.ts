import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Stack } from '../../../../src/local/stack.ts'

/** One request: headers that a Bundle's entry has a place for go there. */
export interface Sent {
  method: string
  url: string
  body?: object
  ifNoneExist?: string
}

/** A function that takes requests for data, and how a request reaches it. */
export interface Door {
  id: string
  type: string
  /** Sends a request; returns the status of the answer. */
  send(sent: Sent): Promise<number>
}

const json = { 'content-type': 'application/fhir+json' }

/** Sends a request to a stack that asks for no sign-in. */
export const askStack = (
  stack: Stack,
  { method, url, body, ifNoneExist }: Sent,
  more: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${stack.url}/${url}`, {
    method,
    headers: { ...json, ...(ifNoneExist && { 'if-none-exist': ifNoneExist }), ...more },
    ...(body && { body: JSON.stringify(body) }),
  })

const batchOf = ({ method, url, body, ifNoneExist }: Sent) => ({
  resourceType: 'Bundle',
  type: 'batch',
  entry: [{ request: { method, url, ...(ifNoneExist && { ifNoneExist }) }, ...(body && { resource: body }) }],
})

interface Answered {
  entry: { resource: Answered; response: { status: string } }[]
}

const statusIn = ({ entry: [only] }: Answered): number => Number.parseInt(only?.response.status ?? '', 10)

/** Waits for the job that a request was made; returns the response to the request. */
export const resultOf = (accepted: Response): Promise<Answered> => {
  expect(accepted.status).toBe(202)
  return resultAt(accepted.headers.get('content-location') ?? '')
}

/** Waits for the job at an address to end; returns the response to its request. */
export const resultAt = async (address: string): Promise<Answered> => {
  for (;;) {
    const response = await fetch(address)
    if (response.status === 200) return (await response.json()) as Answered
    expect(response.status).toBe(202)
    await sleep(50)
  }
}

const later = { prefer: 'respond-async' }

/** Returns the doors of a stack: three functions by their types, one by batches, one by batches that are done later. */
export const doorsOf = (stack: Stack): readonly Door[] => {
  const direct = (id: string, type: string): Door => ({
    id,
    type,
    send: async (sent) => (await askStack(stack, sent)).status,
  })
  const batch = (sent: Sent, headers?: Record<string, string>) =>
    askStack(stack, { method: 'POST', url: '', body: batchOf(sent) }, headers)
  return [
    direct('PatientFunction', 'Patient'),
    direct('ObservationFunction', 'Observation'),
    direct('ResourceFunction', 'Encounter'),
    {
      id: 'BundleFunction',
      type: 'Procedure',
      send: async (sent) => statusIn((await (await batch(sent)).json()) as Answered),
    },
    {
      id: 'JobFunction',
      type: 'Condition',
      send: async (sent) => {
        const { entry } = await resultOf(await batch(sent, later))
        return statusIn(entry[0]?.resource as Answered)
      },
    },
  ]
}
