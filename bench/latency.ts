import { type Ask, succeed, type Told } from './client.ts'
import { median, quantile, type Section } from './figures.ts'
import { cpuMs } from './processes.ts'

/** One kind of request: `ask` makes the next one; `floor` names the kind that it is compared with. */
export interface Kind {
  name: string
  ask: () => Ask
  count: number
  floor?: { name: string; atMost: number }
}

interface Measured {
  latencies: number[]
  cpu: number
}

const runBlock = async (
  send: (ask: Ask) => Promise<Told>,
  pids: () => readonly number[],
  { ask }: Kind,
  size: number,
): Promise<Measured> => {
  const asks = Array.from({ length: size }, ask)
  const before = cpuMs(pids())
  const latencies: number[] = []
  for (const each of asks) latencies.push((await succeed(send, each)).ms)
  return { latencies, cpu: cpuMs(pids()) - before }
}

const blocks = 10

/** Sends every kind in turn, a block at a time, so that what disturbs the machine disturbs all kinds alike. */
const measure = async (
  send: (ask: Ask) => Promise<Told>,
  pids: () => readonly number[],
  kinds: readonly Kind[],
): Promise<ReadonlyMap<string, Measured>> => {
  const results = new Map(kinds.map(({ name }): [string, Measured] => [name, { latencies: [], cpu: 0 }]))
  for (const kind of kinds) await runBlock(send, pids, kind, Math.ceil(kind.count / 4))
  for (let block = 0; block < blocks; block++) {
    for (const kind of kinds) {
      const { latencies, cpu } = await runBlock(send, pids, kind, Math.ceil(kind.count / blocks))
      const result = results.get(kind.name)
      result?.latencies.push(...latencies)
      if (result) result.cpu += cpu
    }
  }
  return results
}

/** Measures latency and CPU of every kind of request, one at a time, in one environment. */
export const latencySection = async (
  send: (ask: Ask) => Promise<Told>,
  pids: () => readonly number[],
  kinds: readonly Kind[],
): Promise<Section> => {
  const results = await measure(send, pids, kinds)
  const of = (name: string): Measured => results.get(name) ?? { latencies: [], cpu: Number.NaN }
  const ratio = ({ name, floor }: Kind): number =>
    floor ? median(of(name).latencies) / median(of(floor.name).latencies) : Number.NaN
  return {
    title: 'Latency',
    note: 'Milliseconds at the client, one request at a time, through the gateway and one warm environment; CPU is the environment’s.',
    columns: ['request', 'median', 'p95', 'CPU', '× floor'],
    rows: kinds.map((kind) => {
      const { latencies, cpu } = of(kind.name)
      return [kind.name, median(latencies), quantile(latencies, 0.95), cpu / latencies.length, ratio(kind)]
    }),
    figures: kinds.flatMap((kind) => {
      const { latencies, cpu } = of(kind.name)
      const { name, floor } = kind
      return [
        { name: `${name}, median`, value: median(latencies), unit: 'ms' },
        { name: `${name}, p95`, value: quantile(latencies, 0.95), unit: 'ms' },
        { name: `${name}, CPU`, value: cpu / latencies.length, unit: 'ms' },
        ...(floor
          ? [
              {
                name: `${name} ÷ ${floor.name}`,
                value: ratio(kind),
                unit: '×',
                aim: { atMost: floor.atMost },
              },
            ]
          : []),
      ]
    }),
  }
}
