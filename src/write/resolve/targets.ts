/** The resource that each entry is about: https://hl7.org/fhir/R4/http.html#trules */

import { idIssues } from '../../fhir/ids.ts'
import { referenceTo } from '../../fhir/references.ts'
import { error, Failure, type Issue } from '../../outcome/failure.ts'
import { multipleMatches, nothingMatches, otherId } from '../../outcome/messages.ts'
import { failOn, issueWithin } from '../../outcome/outcome.ts'
import type { Context } from '../../request/context.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Version } from '../../store/port.ts'
import { bodyIn, type Change, type Target, type Targets, type WriteChange } from '../request/change.ts'
import { checkPluses } from '../request/literal-plus.ts'
import { type Criteria, criteriaName, findByCriteria } from './criteria.ts'
import { conditionConflicts } from './matches-after-commit.ts'

const parallelTargets = 16

const freshTarget = (type: string): Target => ({ type, id: crypto.randomUUID(), fresh: true })

const existingTarget = ({ type, id }: { type: string; id: string }, found?: Version): Target =>
  found ? { type, id, fresh: false, found } : { type, id, fresh: false }

/**
 * Returns a function that evaluates criteria, once for equal criteria within a request. Resources in `gone` are left out.
 */
const criteriaLookup = (
  context: Context,
  gone: ReadonlySet<string>,
): ((criteria: Criteria) => Promise<Version[]>) => {
  const asked = new Map<string, Promise<Version[]>>()
  const answerTo = async (criteria: Criteria): Promise<Version[]> => {
    const found = await findByCriteria(criteria, context, 2 + gone.size)
    return found.filter(({ type, id }) => !gone.has(referenceTo({ type, id }))).slice(0, 2)
  }
  return (criteria) => {
    const name = criteriaName(criteria)
    const answer = asked.get(name) ?? answerTo(criteria)
    asked.set(name, answer)
    return answer
  }
}

const spelledCriteria = ({ pairs }: Criteria): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join('&')

/**
 * Returns the target of a change without a match. A conditional update creates the resource, under the client's id if
 * there is one; an id in use is refused at the commit.
 */
const unmatched = (change: WriteChange): Target | undefined => {
  if (change.kind === 'delete') return undefined
  const id = change.kind === 'update' ? change.body.resource.id : undefined
  if (id === undefined) return freshTarget(change.type)
  failOn(idIssues(id))
  return { type: change.type, id, fresh: false, unmatched: true }
}

const matched = (
  change: WriteChange,
  matches: readonly Version[],
  criteria: Criteria,
): Target | undefined => {
  const [match] = matches
  if (matches.length > 1) throw new Failure([multipleMatches(change.type, spelledCriteria(criteria))])
  if (!match && change.kind === 'patch')
    throw new Failure([nothingMatches(change.type, spelledCriteria(criteria))])
  if (!match) return unmatched(change)
  const id = change.kind === 'update' ? change.body.resource.id : undefined
  if (id !== undefined && id !== match.id) throw new Failure([otherId(change.type, id, match.id)])
  return existingTarget(match, match)
}

const issuesAt = (thrown: unknown, change: Change): readonly Issue[] => {
  if (!(thrown instanceof Failure)) throw thrown
  if (change.place === '') return thrown.issues
  return thrown.issues.map((issue) =>
    issueWithin(issue, issue.expression === undefined ? change.place : `${change.place}.resource`),
  )
}

/** Returns a function by which entries that create under the same condition share a target. */
const sharing = (): ((change: Change, target: Target | undefined) => Target | undefined) => {
  const created = new Map<string, Target>()
  return (change, target) => {
    if (change.kind !== 'create' || !change.criteria || !target?.fresh) return target
    const name = criteriaName(change.criteria)
    const first = created.get(name) ?? target
    created.set(name, first)
    return first
  }
}

const duplicate = (change: Change, target: Target): Issue =>
  error(
    'invalid',
    `\`${target.type}/${target.id}\` is changed by another entry too; a transaction may change a resource once.`,
    change.place,
  )

const isChanged = (change: Change, target: Target | undefined): target is Target =>
  target !== undefined && !(change.kind === 'create' && (target.found || change.criteria))

const duplicates = (changes: readonly Change[], targets: Targets): Issue[] => {
  const seen = new Set<string>()
  return changes.flatMap((change, i) => {
    const target = targets[i]
    if (!isChanged(change, target)) return []
    const key = referenceTo(target)
    const again = seen.has(key)
    seen.add(key)
    return again ? [duplicate(change, target)] : []
  })
}

const targetOf = async (
  change: Change,
  ask: (criteria: Criteria) => Promise<Version[]>,
  context: Context,
): Promise<Target | undefined> => {
  if (change.kind === 'read') return undefined
  const { criteria } = change
  const body = bodyIn(change)
  if (change.kind === 'delete' && change.match) return existingTarget(change.match, change.match)
  if (criteria && body) await checkPluses(criteria, body.resource, context)
  if (criteria) return matched(change, await ask(criteria), criteria)
  return change.id === undefined
    ? freshTarget(change.type)
    : existingTarget({ type: change.type, id: change.id })
}

/** https://hl7.org/fhir/R4/http.html#trules: deletions come first, so that no condition finds a deleted resource. */
const turns: readonly ((change: Change) => boolean)[] = [
  ({ kind }) => kind === 'delete',
  ({ kind }) => kind !== 'delete',
]

/** Returns the target of each change, undefined for a change without a target; fails with every ambiguous condition. */
export const identify = async (
  changes: readonly Change[],
  context: Context,
): Promise<(Target | undefined)[]> => {
  const issues: Issue[] = []
  const targets: (Target | undefined)[] = new Array(changes.length)
  for (const isNow of turns) {
    const gone = new Set(targets.flatMap((target) => (target ? [referenceTo(target)] : [])))
    const ask = criteriaLookup(context, gone)
    await inParallel(parallelTargets, changes, async (change, i) => {
      if (!isNow(change)) return
      targets[i] = await targetOf(change, ask, context).catch((thrown: unknown) => {
        issues.push(...issuesAt(thrown, change))
        return undefined
      })
    })
  }
  const share = sharing()
  const shared = changes.map((change, i) => share(change, targets[i]))
  const overlapping = changes.length > 1 ? await conditionConflicts(changes, shared, context) : []
  failOn([...issues, ...duplicates(changes, shared), ...overlapping])
  return shared
}
