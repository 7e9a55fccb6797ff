import { afterAll, beforeAll, expect, test } from 'vitest'
import { requiredCodes } from '../../src/fhir/codes.ts'
import { codeRows } from '../../src/fhir/generated/codes.js'
import { systemRows } from '../../src/fhir/generated/systems.js'
import { valueSetRows } from '../../src/fhir/generated/value-sets.js'
import { Failure } from '../../src/outcome/failure.ts'
import { isSameOrBelow } from '../../src/terminology/systems/graph.ts'
import { openTerminology, type Terminology } from '../../src/terminology/terminology.ts'
import { codesOfValueSet, type ExpandedCode } from '../../src/terminology/value-sets/expand.ts'
import { judgeOf } from '../../src/terminology/value-sets/judge.ts'
import { loadReferred } from '../../src/terminology/value-sets/loaded.ts'
import type { Engines } from '../store/engines.ts'
import { startEngines } from '../store/engines.ts'

let engines: Engines
let terminology: Terminology
beforeAll(async () => {
  engines = await startEngines()
  terminology = openTerminology(engines.openStore('main'))
})
afterAll(() => engines.stop())

/** The codes of one of R4's value sets, and its judge; no codes where it takes what is not held. */
const known = async (url: string) => {
  const valueSet = await terminology.valueSet(url)
  if (!valueSet) throw new Error(`${url} is missing`)
  const held = await loadReferred(terminology, valueSet)
  const judge = judgeOf(held, valueSet)
  try {
    return { held, judge, codes: codesOfValueSet(held, valueSet) }
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.issues[0]?.kind === 'not-found')
      return { held, judge, codes: undefined }
    throw thrown
  }
}

const keyOf = ({ system, code }: ExpandedCode): string => `${system}|${code}`

test('what a value set of R4 lists is in it, and nothing else of the same systems', async () => {
  let [expanded, compared] = [0, 0]
  const wrong: string[] = []
  for (const url of Object.keys(valueSetRows)) {
    const { held, judge, codes } = await known(url)
    if (!codes) continue
    expanded++
    const listed = new Set(codes.map(keyOf))
    for (const code of codes) if (judge(code).answer !== 'yes') wrong.push(`${url} ${keyOf(code)}`)
    for (const { url: system, nodes } of held.systems)
      for (const code of nodes.keys()) {
        if (listed.has(`${system}|${code}`)) continue
        compared++
        if (judge({ system, code }).answer !== 'no') wrong.push(`${url} ${system}|${code}`)
      }
  }
  expect(wrong).toEqual([])
  expect(expanded).toBeGreaterThan(1200)
  expect(compared).toBeGreaterThan(10_000)
}, 60_000)

test('a value set of a required binding has the codes that writes are judged by', async () => {
  for (const url of Object.keys(codeRows)) {
    const { codes = [] } = await known(url)
    const listed = [...(requiredCodes(url) ?? [])].flatMap(([system, list]) =>
      [...list].map((code) => `${system}|${code}`),
    )
    expect([...new Set(codes.map(keyOf))].sort(), url).toEqual(listed.sort())
  }
}, 60_000)

test('no code of R4 lies below itself by way of another', async () => {
  const wrong: string[] = []
  for (const url of Object.keys(systemRows)) {
    const system = await terminology.system(url)
    for (const { code, parents } of system?.nodes.values() ?? [])
      for (const parent of parents)
        if (system && isSameOrBelow(system, parent, code)) wrong.push(`${url} ${code}`)
  }
  expect(wrong).toEqual([])
}, 60_000)
