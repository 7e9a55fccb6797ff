/** https://hl7.org/fhir/R4/http.html#trules — which resource each entry is about. */

import { idIssues } from '../../fhir/ids.ts'
import { error, Failure, type Issue } from '../../outcome/failure.ts'
import { multipleMatches, nothingMatches, otherId } from '../../outcome/messages.ts'
import { failOn, within } from '../../outcome/outcome.ts'
import type { Context } from '../../request/context.ts'
import type { Version } from '../../store/port.ts'
import { inParallel } from '../parallel.ts'
import { reads, type Target, type Wish } from '../request/change.ts'
import { checkPluses } from '../request/literal-plus.ts'
import { type Criteria, matching, nameOf } from './criteria.ts'
import { overlaps } from './matches-after-commit.ts'

const width = 16

const fresh = (type: string): Target => ({ type, id: crypto.randomUUID(), fresh: true })

const known = ({ type, id }: { type: string; id: string }, found?: Version): Target =>
  found ? { type, id, fresh: false, found } : { type, id, fresh: false }

/** Identical criteria within one request are one question with one answer; what is gone by then is none. */
const asking = (
  context: Context,
  gone: ReadonlySet<string>,
): ((criteria: Criteria) => Promise<Version[]>) => {
  const asked = new Map<string, Promise<Version[]>>()
  const answerTo = async (criteria: Criteria): Promise<Version[]> => {
    const found = await matching(criteria, context, 2 + gone.size)
    return found.filter(({ type, id }) => !gone.has(`${type}/${id}`)).slice(0, 2)
  }
  return (criteria) => {
    const name = nameOf(criteria)
    const answer = asked.get(name) ?? answerTo(criteria)
    asked.set(name, answer)
    return answer
  }
}

const spelled = ({ pairs }: Criteria): string => pairs.map(([name, value]) => `${name}=${value}`).join('&')

/** No match: a conditional update creates, under the id that the client gives, if any; one that is in use is refused at the commit. */
const unmatched = (wish: Wish): Target | undefined => {
  if (wish.method === 'DELETE') return undefined
  const id = wish.method === 'PUT' ? wish.body?.resource.id : undefined
  if (id === undefined) return fresh(wish.type)
  failOn(idIssues(id))
  return { type: wish.type, id, fresh: false, unmatched: true }
}

const matched = (wish: Wish, matches: readonly Version[], criteria: Criteria): Target | undefined => {
  const [match] = matches
  if (matches.length > 1) throw new Failure([multipleMatches(wish.type, spelled(criteria))])
  if (!match && wish.method === 'PATCH') throw new Failure([nothingMatches(wish.type, spelled(criteria))])
  if (!match) return unmatched(wish)
  const id = wish.method === 'PUT' ? wish.body?.resource.id : undefined
  if (id !== undefined && id !== match.id) throw new Failure([otherId(wish.type, id, match.id)])
  return known(match, match)
}

const place = (thrown: unknown, wish: Wish): readonly Issue[] => {
  if (!(thrown instanceof Failure)) throw thrown
  if (wish.place === '') return thrown.issues
  return thrown.issues.map((issue) =>
    within(issue, issue.expression === undefined ? wish.place : `${wish.place}.resource`),
  )
}

/** Two entries that create under the same condition are about the same resource. */
const sharing = (): ((wish: Wish, target: Target | undefined) => Target | undefined) => {
  const created = new Map<string, Target>()
  return (wish, target) => {
    if (!wish.criteria || wish.method !== 'POST' || !target?.fresh) return target
    const name = nameOf(wish.criteria)
    const first = created.get(name) ?? target
    created.set(name, first)
    return first
  }
}

const duplicate = (wish: Wish, target: Target): Issue =>
  error(
    'invalid',
    `\`${target.type}/${target.id}\` is changed by another entry too; a transaction may change a resource once.`,
    wish.place,
  )

const changes = (wish: Wish, target: Target | undefined): target is Target =>
  target !== undefined && !(wish.method === 'POST' && (target.found || wish.criteria))

const duplicates = (wishes: readonly Wish[], targets: readonly (Target | undefined)[]): Issue[] => {
  const seen = new Set<string>()
  return wishes.flatMap((wish, i) => {
    const target = targets[i]
    if (!changes(wish, target)) return []
    const key = `${target.type}/${target.id}`
    const again = seen.has(key)
    seen.add(key)
    return again ? [duplicate(wish, target)] : []
  })
}

const targetOf = async (
  wish: Wish,
  ask: (criteria: Criteria) => Promise<Version[]>,
  context: Context,
): Promise<Target | undefined> => {
  const { criteria, body } = wish
  if (reads(wish)) return undefined
  if (wish.match) return known(wish.match, wish.match)
  if (criteria && body) await checkPluses(criteria, body.resource, context)
  if (criteria) return matched(wish, await ask(criteria), criteria)
  return wish.id === undefined ? fresh(wish.type) : known({ type: wish.type, id: wish.id })
}

/** https://hl7.org/fhir/R4/http.html#trules: deletions come first, so that no condition finds what they delete. */
const turns: readonly ((wish: Wish) => boolean)[] = [
  ({ method }) => method === 'DELETE',
  ({ method }) => method !== 'DELETE',
]

/** Returns the target of each wish, nothing where there is none; fails with every condition that is ambiguous. */
export const identify = async (
  wishes: readonly Wish[],
  context: Context,
): Promise<(Target | undefined)[]> => {
  const issues: Issue[] = []
  const targets: (Target | undefined)[] = new Array(wishes.length)
  for (const isNow of turns) {
    const gone = new Set(targets.flatMap((target) => (target ? [`${target.type}/${target.id}`] : [])))
    const ask = asking(context, gone)
    await inParallel(wishes, width, async (wish, i) => {
      if (!isNow(wish)) return
      targets[i] = await targetOf(wish, ask, context).catch((thrown: unknown) => {
        issues.push(...place(thrown, wish))
        return undefined
      })
    })
  }
  const share = sharing()
  const shared = wishes.map((wish, i) => share(wish, targets[i]))
  const overlapping = wishes.length > 1 ? await overlaps(wishes, shared, context) : []
  failOn([...issues, ...duplicates(wishes, shared), ...overlapping])
  return shared
}
