/** Takes the steps of several processes in every order that can make a difference. */

/** The places that a step reads and writes; steps that share none, or only read, may change places. */
export interface Footprint {
  reads: readonly string[]
  writes: readonly string[]
}

interface Waiting extends Footprint {
  name: string
  isEnabled: () => boolean
  run: () => void
}

export type Step = <T>(
  process: string,
  footprint: Footprint,
  run: () => T,
  isEnabled?: () => boolean,
) => Promise<T>

/** One run: processes ask for steps, and the schedule carries out one at a time. */
class Run {
  readonly waiting = new Map<string, Waiting>()
  private readonly counts = new Map<string, number>()

  readonly step: Step = (process, footprint, run, isEnabled = () => true) =>
    new Promise((resolve, reject) => {
      const label = `${process} ${[...footprint.reads, '>', ...footprint.writes].join(' ')}`
      const count = (this.counts.get(label) ?? 0) + 1
      this.counts.set(label, count)
      const name = `${label} ${count}`
      const carryOut = () => {
        try {
          resolve(run())
        } catch (error) {
          reject(error)
        }
      }
      this.waiting.set(name, { ...footprint, name, isEnabled, run: carryOut })
    })
}

const meet = (a: readonly string[], b: readonly string[]): boolean => a.some((place) => b.includes(place))

const isIndependent = (a: Footprint, b: Footprint): boolean =>
  !meet(a.writes, b.writes) && !meet(a.writes, b.reads) && !meet(a.reads, b.writes)

/** Everything that runs without a step has run; a stage waits for the next turn of the loop itself. */
const rest = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

/** Processes that are begun anew for each run. */
export interface Trial {
  begin(step: Step): void
  /** The run may end: nothing that follows can change what is judged. */
  isOver(): boolean
  /** Called when all processes wait for a timer. */
  wake(): Promise<void>
  judge(trace: readonly string[]): void
}

interface Node {
  steps: readonly Waiting[]
  at: number
  /** Steps whose orders have been taken elsewhere. */
  asleep: ReadonlyMap<string, Footprint>
}

export interface Explored {
  runs: number
  /** Whether every order was taken. */
  whole: boolean
}

const asleepAfter = (node: Node, step: Waiting): Map<string, Footprint> =>
  new Map(
    [...node.asleep, ...node.steps.slice(0, node.at).map((each) => [each.name, each] as const)].filter(
      ([, each]) => isIndependent(each, step),
    ),
  )

/** Runs one trial along a path and on from it; returns false where all that could follow has been taken elsewhere. */
const runOnce = async (trial: Trial, path: Node[], turn: (count: number) => number): Promise<boolean> => {
  const run = new Run()
  const trace: string[] = []
  trial.begin(run.step)
  await rest()
  for (let depth = 0; !trial.isOver(); ) {
    if (run.waiting.size === 0) {
      await trial.wake()
      await rest()
      continue
    }
    const known = path[depth]
    let node = known
    if (!node) {
      const before = path[depth - 1]
      const asleep = before ? asleepAfter(before, before.steps[before.at] as Waiting) : new Map()
      const open = [...run.waiting.values()].filter((each) => each.isEnabled() && !asleep.has(each.name))
      if (open.length === 0) return false
      const from = turn(open.length)
      node = { steps: [...open.slice(from), ...open.slice(0, from)], at: 0, asleep }
      path.push(node)
    }
    const step = run.waiting.get((node.steps[node.at] as Waiting).name)
    if (!step) throw new Error(`A run differed from the one before at ${trace.join('\n')}`)
    run.waiting.delete(step.name)
    trace.push(step.name)
    step.run()
    depth++
    await rest()
  }
  trial.judge(trace)
  return true
}

const advance = (path: Node[]): boolean => {
  for (let last = path.at(-1); last; last = path.at(-1)) {
    if (++last.at < last.steps.length) return true
    path.pop()
  }
  return false
}

/** Returns numbers below a count that are the same in each exploration. */
const newDice = (): ((count: number) => number) => {
  let seed = 1
  return (count) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * count)
  }
}

/**
 * Takes the steps of a trial in every order, depth first; orders that differ only by steps that are independent of each
 * other count as one. Where that is more than half of `most`, the other half are orders drawn by a fixed seed.
 */
export const explore = async (trial: () => Trial, most: number): Promise<Explored> => {
  const path: Node[] = []
  let runs = 0
  do {
    if (runs++ >= most / 2) break
    await runOnce(trial(), path, () => 0)
  } while (advance(path))
  if (path.length === 0) return { runs, whole: true }
  const dice = newDice()
  for (; runs < most; runs++) await runOnce(trial(), [], dice)
  return { runs, whole: false }
}
