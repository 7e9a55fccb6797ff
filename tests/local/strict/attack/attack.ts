import { type Chance, seededChance } from '../../../../src/local/strict/chance.ts'
import { lookAt } from './look.ts'
import { type Ask, kinds, type Wrong } from './writes.ts'

/** One write of an attack. */
interface Attempt {
  number: number
  kind: string
  acknowledged: boolean
}

/** What came of an attack. */
export interface Tally {
  attempts: number
  acknowledged: number
  lost: number
  half: number
  doubled: number
  /** The first writes that something was wrong with. */
  examples: string[]
}

/** How an attack goes. */
export interface Attack {
  seed: number
  writers: number
  /** The kinds that are written; all of them, where it is absent. */
  kinds?: readonly string[]
  /** Asked before each write; a write that throws was not acknowledged. */
  goesOn(): boolean
  /** Returns how the next write asks. */
  asking(chance: Chance): Ask
  /** Asks a server that is well again. */
  calmly: Ask
}

/** A large transaction is many calls: one in so many writes is enough of them. */
const largeEvery = 12

const kindOf = (chance: Chance, names: readonly string[]): string => {
  const name = chance.pick(names)
  return name.startsWith('large') && !chance.happens(1 / largeEvery) ? kindOf(chance, names) : name
}

/** Returns whether a write was acknowledged; one whose process stopped was not. */
const written = async (ask: Ask, { kind, number }: Attempt): Promise<boolean> => {
  try {
    return (await kinds[kind]?.write(ask, number)) ?? false
  } catch {
    return false
  }
}

/** Writes everything that goes wrong halfway, then looks at all of it. */
export const attack = async (how: Attack): Promise<Tally> => {
  const chance = seededChance(how.seed)
  const attempts: Attempt[] = []
  const write = async (): Promise<void> => {
    while (how.goesOn()) {
      const attempt: Attempt = {
        number: attempts.length,
        kind: kindOf(chance, how.kinds ?? Object.keys(kinds)),
        acknowledged: false,
      }
      attempts.push(attempt)
      attempt.acknowledged = await written(how.asking(chance), attempt)
    }
  }
  await Promise.all(Array.from({ length: how.writers }, write))
  return look(attempts, how)
}

const look = async (attempts: readonly Attempt[], { calmly }: Attack): Promise<Tally> => {
  const found = await lookAt(calmly, attempts)
  const wrong: [Attempt, Wrong][] = attempts.flatMap((attempt) => {
    const each = kinds[attempt.kind]?.wrong(found.get(attempt.number) ?? { count: 0 }, attempt.acknowledged)
    return each ? [[attempt, each] as [Attempt, Wrong]] : []
  })
  const count = (which: Wrong) => wrong.filter(([, each]) => each === which).length
  return {
    attempts: attempts.length,
    acknowledged: attempts.filter(({ acknowledged }) => acknowledged).length,
    lost: count('lost'),
    half: count('half'),
    doubled: count('doubled'),
    examples: wrong.slice(0, 5).map(([attempt, each]) => `${each}: ${JSON.stringify(attempt)}`),
  }
}
