import type { Stack } from '../stack.ts'
import { demoBundles } from './bundle.ts'

/** Patients that `npm start -- --demo` generates, in number. */
const patients = 25

/** Posts under way at once: the engine works on one while functions prepare the next. */
const postsAtOnce = 4

type SendBundle = (path: string, body?: string) => Promise<Response>

const postingAgent = async (stack: Stack, open: boolean): Promise<SendBundle> => {
  const authorization = open ? {} : { Authorization: `Bearer ${await stack.token('loader')}` }
  return (path, body) =>
    fetch(`${stack.url}/${path}`, {
      headers: { ...authorization, 'Content-Type': 'application/fhir+json' },
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
}

const isEmptyStore = async (send: SendBundle): Promise<boolean> => {
  const found = (await (await send('Patient?_count=1')).json()) as { entry?: unknown[] }
  return !found.entry?.length
}

const post = async (send: SendBundle, bundles: Iterator<string>, made: () => void): Promise<void> => {
  for (let next = bundles.next(); !next.done; next = bundles.next()) {
    const response = await send('', next.value)
    if (!response.ok) throw new Error(`A demonstration patient was refused: ${await response.text()}`)
    made()
  }
}

/**
 * Fills an empty store with patients generated as of today. Returns the number of patients, 0 for a store
 * with data.
 */
export const fillStore = async (
  stack: Stack,
  open: boolean,
  progress: (done: number, all: number) => void = () => {},
): Promise<number> => {
  const send = await postingAgent(stack, open)
  if (!(await isEmptyStore(send))) return 0
  const bundles = demoBundles(patients, { until: new Date().toISOString().slice(0, 10) })[Symbol.iterator]()
  let done = 0
  const made = () => progress(++done, patients)
  await Promise.all(Array.from({ length: postsAtOnce }, () => post(send, bundles, made)))
  return patients
}
