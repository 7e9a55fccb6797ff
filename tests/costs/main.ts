/** `npm run costs -- [SIZES…] [--directory=…]`: what twenty searches read in stores of so many resources. */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { filledEngines } from './fill.ts'
import { type Cost, costOf, isSame } from './measure.ts'
import { findSubject, namesakesOf, searchesAbout } from './searches.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { directory: { type: 'string' } },
})
const sizes = positionals.length > 0 ? positionals.map(Number) : [10_000, 1_000_000]
const subject = findSubject()
const searches = [...searchesAbout(subject), ...namesakesOf(subject)]

const costsAt = async (size: number): Promise<Cost[]> => {
  const start = performance.now()
  const { engines, made } = await filledEngines(size, {
    ...values,
    makers: Math.min(availableParallelism(), 4),
  })
  const { resources, patients, items } = made
  const time = ((performance.now() - start) / 1000).toFixed(0)
  console.error(`${resources} resources of ${patients} patients, ${items} index items, after ${time} s`)
  const costs: Cost[] = []
  for (const url of searches) costs.push(await costOf(engines.openStore, url))
  await engines.stop()
  return costs
}

const columns: Cost[][] = []
for (const size of sizes) columns.push(await costsAt(size))

const heads = sizes.flatMap((size) => [`matches at ${size.toLocaleString('en')}`, 'read units', 'rounds'])
console.log(`| search | ${heads.join(' | ')} | equal |`)
console.log(`|---|${heads.map(() => '---:|').join('')}---|`)
for (const [i, url] of searches.entries()) {
  const costs = columns.map((column) => column[i] as Cost)
  const cells = costs.flatMap(({ matches, readUnits, rounds }) => [matches, readUnits, rounds])
  const equal = costs.every((cost) => isSame(cost, costs[0] as Cost))
  console.log(`| \`${url.replaceAll('|', '\\|')}\` | ${cells.join(' | ')} | ${equal ? 'yes' : 'no'} |`)
}
