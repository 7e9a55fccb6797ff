/** `$reindex` brings the search index in line with the defined search parameters; for administrators. */

import { beginJob } from '../jobs/create.ts'
import { canonicalBase, type Interaction } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import {
  type DefinitionProgress,
  definitionProgress,
  type Reindexed,
  reindex,
} from '../search/reindex/reindex.ts'
import type { Store } from '../store/port.ts'
import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const definition: OperationDefinition = {
  url: `${canonicalBase}/OperationDefinition/reindex`,
  code: 'reindex',
  affectsState: true,
  system: true,
  type: false,
  instance: false,
  parameter: [
    { name: 'state', use: 'out', min: 1, max: '1', type: 'code' },
    { name: 'changed', use: 'out', min: 0, max: '*', type: 'code' },
    { name: 'parameter', use: 'out', min: 0, max: '*', type: 'BackboneElement' },
  ],
}

/** The time that a request itself spends on the index, in milliseconds. */
const reindexMilliseconds = 10_000

const reindexPageSize = 100

/** Calls a function with the ids of a type's resources, page by page. */
const forEachPage = async (
  store: Store,
  type: string,
  use: (ids: readonly string[]) => Promise<unknown>,
): Promise<void> => {
  const audit = await store.audit()
  let after: string | undefined
  do {
    const page = await audit.ids(type, reindexPageSize, after)
    if (page.found.length > 0) await use(page.found)
    after = page.after
  } while (after !== undefined)
}

/** Registers search parameters and announces profiles that are stored and not yet known, for example after a restore. */
const registerAll = async (store: Store, context: Context): Promise<void> => {
  const { register } = await import('../write/policy/custom-parameters.ts')
  const { announceProfiles } = await import('../write/policy/announce.ts')
  await forEachPage(store, 'SearchParameter', (ids) => register(ids, context))
  await forEachPage(store, 'StructureDefinition', (ids) => announceProfiles(ids, context))
}

type StandingPart = Record<string, unknown>

const standingParts = ({
  definition: { id, code, url, types, state },
  walked,
  resources,
}: DefinitionProgress): StandingPart[] => [
  { name: 'definition', valueReference: { reference: `SearchParameter/${id}` } },
  { name: 'url', valueUri: url },
  { name: 'code', valueCode: code },
  { name: 'state', valueCode: state },
  ...(types.length > 20 ? [] : types.map((type) => ({ name: 'type', valueCode: type }))),
  { name: 'types', valueUnsignedInt: types.length },
  ...(state === 'ready'
    ? []
    : [
        { name: 'typesDone', valueUnsignedInt: walked },
        { name: 'resources', valueUnsignedInt: resources },
      ]),
]

const progressText = async ({ store, now }: Context, outcome?: Reindexed): Promise<string> => {
  const { running, standings, changed } = await definitionProgress(store, now())
  const isOpen = changed.length > 0 || standings.some(({ definition: { state } }) => state !== 'ready')
  const waiting = running || outcome === 'busy' ? 'running' : 'waiting'
  const parameter = [
    { name: 'state', valueCode: isOpen ? waiting : 'done' },
    ...changed.map((type) => ({ name: 'changed', valueCode: type })),
    ...standings.map((standing) => ({ name: 'parameter', part: standingParts(standing) })),
  ]
  return JSON.stringify({ resourceType: 'Parameters', parameter })
}

const showProgress: Interaction = async (call, context) => {
  inputPairs(definition, call)
  return { status: 200, text: await progressText(context) }
}

/** Reindexes within the request's time, and begins a job for the rest if the deployment has jobs. */
const runReindex: Interaction = async (call, context) => {
  inputPairs(definition, call)
  const { store, now, requestId, deadline = now() + reindexMilliseconds } = context
  await registerAll(store, context)
  const audit = await store.audit()
  const outcome = await reindex({ store, audit, now, holder: requestId, deadline })
  if (outcome === 'open') await beginJob('$reindex', context)
  return { status: outcome === 'done' ? 200 : 202, text: await progressText(context, outcome) }
}

const reindexBy = (method: 'GET' | 'POST', interaction: Interaction): Operation => ({
  definition,
  methods: [method],
  action: 'administer',
  run: interaction,
})

/** GET returns the progress; POST continues the work. */
export const reindexOperations: readonly Operation[] = [
  reindexBy('GET', showProgress),
  reindexBy('POST', runReindex),
]
