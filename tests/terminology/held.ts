import cases from '../cases/terminology.json' with { type: 'json' }
import { type Known, putAll } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'

export { cases }

export const animals = 'http://example.org/animals'

/** Returns engines whose store holds the code systems and value sets of the cases. */
export const startHolding = async (): Promise<Engines> => {
  const engines = await startEngines()
  await putAll(engines.openStore('main'), cases.held as unknown as Known[], '2026-01-01T00:00:00.000Z')
  return engines
}

/** Returns a value set's address as the cases shorten it. */
export const setUrl = (name: string): string => (name.includes('/') ? name : `http://example.org/vs/${name}`)

/** Returns a code as the cases shorten it: `system|code`, or one of the animals. */
export const codingOf = (text: string, set = ''): { system: string; code: string } => {
  const [code = '', system] = text.split('|').toReversed()
  return { system: system ?? (set === 'parts' ? 'http://example.org/parts' : animals), code }
}
