import type { Stack } from '../stack.ts'
import { demoBundles } from './bundle.ts'

/** How many patients `npm start -- --demo` makes up. */
const patients = 25

/** Posts at a time: the engine is busy with one while functions prepare the next. */
const width = 4

type Send = (path: string, body?: string) => Promise<Response>

const sender = async (stack: Stack, open: boolean): Promise<Send> => {
  const authorization = open ? {} : { Authorization: `Bearer ${await stack.token('loader')}` }
  return (path, body) =>
    fetch(`${stack.url}/${path}`, {
      headers: { ...authorization, 'Content-Type': 'application/fhir+json' },
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
}

const isEmpty = async (send: Send): Promise<boolean> => {
  const found = (await (await send('Patient?_count=1')).json()) as { entry?: unknown[] }
  return !found.entry?.length
}

const post = async (send: Send, bundles: Iterator<string>): Promise<void> => {
  for (let next = bundles.next(); !next.done; next = bundles.next()) {
    const response = await send('', next.value)
    if (!response.ok) throw new Error(`A demonstration patient was refused: ${await response.text()}`)
  }
}

/** Fills an empty store with patients made up as of today. Returns how many there are, none where it had some. */
export const fillStore = async (stack: Stack, open: boolean): Promise<number> => {
  const send = await sender(stack, open)
  if (!(await isEmpty(send))) return 0
  const bundles = demoBundles(patients, { until: new Date().toISOString().slice(0, 10) })[Symbol.iterator]()
  await Promise.all(Array.from({ length: width }, () => post(send, bundles)))
  return patients
}
