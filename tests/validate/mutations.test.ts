import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { demoBundles } from '../../src/local/demo/bundle.ts'
import { validate } from '../../src/validate/validate.ts'
import invalid from '../cases/invalid-examples.json' with { type: 'json' }
import explained from '../cases/oracle-differences.json' with { type: 'json' }
import { dataFiles } from '../fhir/official.ts'
import { sampleOf } from '../fhir/sample.ts'
import { mutated, rollOf } from './mutate.ts'
import { faultsOf } from './oracle.ts'

/** `npm run test:long -- mutations` makes many; `MUTATION_SEED` makes others. */
const { MUTATIONS = '500', MUTATION_SEED = '1' } = process.env
const count = Number(MUTATIONS)

type Json = Record<string, unknown>

/** The oracle takes a while for each element. */
const mostBytes = 8_000

const textsOf = (): string[] => {
  const broken = new Set(Object.keys(invalid['r4-examples']))
  const files = dataFiles('r4-examples').filter((file) => !broken.has(basename(file, '.json')))
  const official = sampleOf(files, count, MUTATION_SEED).map((file) => readFileSync(file, 'utf8'))
  if (official.length > 0) return official
  return [...demoBundles(3)].flatMap((text) =>
    (JSON.parse(text) as { entry: { resource: object }[] }).entry.map(({ resource }) =>
      JSON.stringify(resource),
    ),
  )
}

const originals = textsOf()
  .filter((text) => text.length < mostBytes)
  .map((text) => JSON.parse(text) as Json)

interface Difference {
  kind: string
  path: string
  ours: string[]
  theirs: string[]
}

const knows = (who: string, said: string): boolean =>
  explained.some((each) => each.who === who && new RegExp(each.says).test(said))

/** Whether all that only one of the judges says is in `tests/cases/oracle-differences.json`. */
const isExplained = ({ ours, theirs }: Difference): boolean =>
  ours.every((said) => knows('server', said)) && theirs.every((said) => knows('oracle', said))

const differenceIn = (resource: Json, kind: string, path: string): Difference | undefined => {
  const ours = validate(resource, String(resource.resourceType) as Resource['resourceType'])
  const theirs = faultsOf(resource)
  if (ours.length > 0 === theirs.length > 0) return undefined
  return {
    kind,
    path,
    ours: ours.map(({ diagnostics, expression }) => `${expression}: ${diagnostics}`),
    theirs: theirs.map(({ rule, at }) => `${at}: ${rule}`),
  }
}

test(`${count} mutants of valid resources are judged as R4's definitions judge them, differences explained`, () => {
  const roll = rollOf(Number(MUTATION_SEED))
  const differences: Difference[] = []
  const judged = { valid: 0, invalid: 0 }
  const kinds = new Map<string, number>()
  for (let n = 0; n < count; n++) {
    const original = originals[n % originals.length] as Json
    const { kind, path, resource } = mutated(original, roll)
    const isValid = validate(resource, String(resource.resourceType)).length === 0
    judged[isValid ? 'valid' : 'invalid']++
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const difference = differenceIn(resource, kind, path)
    if (difference) differences.push(difference)
  }
  const unexplained = differences.filter((difference) => !isExplained(difference))
  if (count > 1_000)
    console.log(
      `${JSON.stringify(judged)}, ${differences.length} differences, ${unexplained.length} unexplained`,
    )
  expect(unexplained).toEqual([])
  expect(Math.min(judged.valid, judged.invalid)).toBeGreaterThan(count / 20)
  expect(kinds.size).toBeGreaterThan(10)
}, 3_600_000)

test('what is mutated is valid by R4’s definitions, too', () => {
  const found = originals
    .slice(0, Math.ceil(count / 2))
    .flatMap((resource) => differenceIn(resource, 'none', '') ?? [])
    .filter((difference) => !isExplained(difference))
  expect(found).toEqual([])
}, 3_600_000)
