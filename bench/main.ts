/** `npm run bench`: what the server costs against the least that its engine allows, all measured in one run. */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { buildStale } from '../src/local/build.ts'
import { benchBundles } from './bundles.ts'
import { clientOf } from './client.ts'
import { coldSection } from './cold.ts'
import { aimsText, type Section, sectionText } from './figures.ts'
import { buildFloor, floorBundle } from './floor/build.ts'
import { latencySection } from './latency.ts'
import { loadSection } from './load.ts'
import { hasGuide, profilesSection } from './profiles.ts'
import { pureSection } from './pure.ts'
import { findSubjects, kindsOf } from './requests.ts'
import { benchTemplate, variablesOf, withStack } from './stack.ts'
import { coldStarts } from './starts.ts'
import { unitsSection } from './units.ts'
import { validationSection } from './validation.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
    bundles: { type: 'string', default: '40' },
  },
})

const wanted = (name: string): boolean => values.only?.includes(name) ?? true

const template = benchTemplate()
const bundles = benchBundles(Number(values.bundles))
const sections: Section[] = []

const report = (section: Section): void => {
  sections.push(section)
  console.log(sectionText(section))
}

const loading = (): Promise<void> =>
  withStack(template, Math.max(2, availableParallelism() - 1), async (stack) => {
    report(await loadSection(stack, clientOf(stack.url), bundles, 4, template.tables))
  })

/** One environment, and some of the bundles: enough patients that none is asked for twice in a row. */
const asking = (): Promise<void> =>
  withStack(template, 1, async (stack) => {
    const send = clientOf(stack.url)
    for (const body of bundles.texts.slice(0, 12)) await send({ method: 'POST', path: '', body })
    await stack.drained()
    const subjects = await findSubjects(send)
    const variables = variablesOf(stack, template)
    const ids = stack.pids().slice(0, 1)
    if (wanted('latency')) report(await latencySection(send, () => ids, kindsOf(subjects)))
    if (wanted('units')) report(await unitsSection(variables, kindsOf(subjects)))
    if (wanted('cold')) report(await coldSection(coldStarts(template, subjects, variables)))
  })

await buildStale()
await buildFloor()
if (wanted('pure')) report(pureSection(bundles))
if (wanted('validation')) report(await validationSection(bundles))
if (wanted('profiles') && hasGuide) report(profilesSection(bundles))
if (wanted('load')) await loading()
if (['latency', 'units', 'cold'].some(wanted)) await asking()
console.log(aimsText(sections))
if (values.json) {
  const figures = sections.flatMap((section) => section.figures)
  writeFileSync(
    values.json,
    `${JSON.stringify({ node: process.version, cores: availableParallelism(), bare: floorBundle('read'), figures }, null, 2)}\n`,
  )
}
