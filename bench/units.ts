import { randomUUID } from 'node:crypto'
import { servicesOf } from '../src/handlers/door/services.ts'
import { serve } from '../src/http/serve.ts'
import type { Ask } from './client.ts'
import { mean, type Section } from './figures.ts'
import type { Kind } from './latency.ts'

const principal = { id: 'bench', name: 'bench', groups: ['admin'] }

interface Cost {
  rounds: number
  calls: number
  readUnits: number
  writeUnits: number
}

/** Returns a way to serve requests in this process and to learn what the store was asked for. */
const meterOf = (variables: Readonly<Record<string, string>>): ((ask: Ask) => Promise<Cost>) => {
  const { openStore, archive } = servicesOf(variables)
  return async ({ method, path, body = '' }) => {
    const url = new URL(path, 'http://localhost/')
    const store = openStore('main')
    const request = {
      method,
      path: url.pathname.slice(1),
      query: [...url.searchParams],
      headers: { 'content-type': 'application/fhir+json' },
      body,
    }
    const context = {
      tenant: 'main',
      store,
      reader: store,
      archive,
      principal,
      base: 'http://localhost/fhir',
      requestId: randomUUID(),
      now: Date.now,
    }
    const { response } = await serve(request, context)
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.body.slice(0, 500)}`)
    return { ...store.meter }
  }
}

const each = 10

/** Counts what each kind of request costs the store, in the same process, so that nothing is lost on the way. */
export const unitsSection = async (
  variables: Readonly<Record<string, string>>,
  kinds: readonly Kind[],
): Promise<Section> => {
  const cost = meterOf(variables)
  const rows: { name: string; cost: Cost }[] = []
  for (const { name, ask } of kinds.filter(({ name: kind }) => !kind.startsWith('bare'))) {
    const costs: Cost[] = []
    for (let i = 0; i < each; i++) costs.push(await cost(ask()))
    const of = (key: keyof Cost): number => mean(costs.map((one) => one[key]))
    rows.push({
      name,
      cost: {
        rounds: of('rounds'),
        calls: of('calls'),
        readUnits: of('readUnits'),
        writeUnits: of('writeUnits'),
      },
    })
  }
  return {
    title: 'Cost per request',
    note: `What one request asks of the store, the mean of ${each}: units as DynamoDB counts them, calls, and rounds (how often calls had to wait for others).`,
    columns: ['request', 'read units', 'write units', 'calls', 'rounds'],
    rows: rows.map(({ name, cost: { readUnits, writeUnits, calls, rounds } }) => [
      name,
      readUnits,
      writeUnits,
      calls,
      rounds,
    ]),
    figures: rows.flatMap(({ name, cost: { readUnits, writeUnits, rounds } }) => [
      { name: `${name}, read units`, value: readUnits, unit: 'RCU' },
      { name: `${name}, write units`, value: writeUnits, unit: 'WCU' },
      { name: `${name}, rounds`, value: rounds, unit: '' },
    ]),
  }
}
