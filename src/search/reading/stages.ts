import { referenceTo } from '../../fhir/references.ts'
import type { Version } from '../../store/port.ts'
import { hideAmong, type Reader, type Restriction } from '../../store/reader.ts'
import { newReadingContext, type ReadingContext } from './context.ts'
import { keepPage, newStageMemory, type StageMemory, type StageReader } from './memory.ts'
import { settleStage } from './settle.ts'

/** A reading of many resources while others write, in stages. */
export interface Stages {
  /**
   * Runs a part of a search as a stage, together with parts that are started at the same time. The part may be run again
   * on the same answers, and must have no effect beyond its result. Its answers are frozen for later stages.
   */
  stage<T>(run: (reader: StageReader) => Promise<T>): Promise<T>
  /** Ends the reading. */
  end(): void
}

interface StageTask {
  run: (reader: StageReader) => Promise<unknown>
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

/**
 * Returns the stages of an answer, which shows no transaction in part. A stage fails with `busy` if the reading takes too
 * long.
 */
export const openStages = (source: Reader): Stages => {
  const { restriction } = source
  const context = newReadingContext(restriction?.stored ?? source)
  let waiting: StageTask[] = []
  let isRunning = false

  const runAll = async (tasks: readonly StageTask[], memory: StageMemory): Promise<void> => {
    const reader = restrictedReader(stageReaderOf(context, memory), restriction)
    for (;;) {
      const results = await Promise.allSettled(tasks.map(({ run }) => run(reader)))
      if (await settleStage(context, memory)) continue
      context.frozen.push(memory)
      context.check()
      for (const [at, result] of results.entries())
        if (result.status === 'fulfilled') tasks[at]?.resolve(result.value)
        else tasks[at]?.reject(result.reason)
      return
    }
  }

  const runWaiting = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    // Parts that are started at the same time form a stage.
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const tasks = waiting
      waiting = []
      await runAll(tasks, newStageMemory()).catch((error) => {
        for (const { reject } of tasks) reject(error)
      })
      await new Promise(setImmediate)
    }
    isRunning = false
  }

  return {
    stage: <T>(run: (reader: StageReader) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ run, resolve: resolve as (result: unknown) => void, reject })
        runWaiting().catch(reject)
      }),
    end: () => context.end(),
  }
}

const stageReaderOf = (context: ReadingContext, memory: StageMemory): StageReader => ({
  page: async (range) => {
    const kept = memory.pages.get(JSON.stringify(range))
    const { candidates, after } = kept ?? keepPage(memory, range, await context.page(range))
    return { candidates: [...candidates], ...(after !== undefined && { after }) }
  },
  get: async (keys) => {
    const isOpen = (key: (typeof keys)[number]) =>
      context.frozenAt(referenceTo(key)) === undefined && !memory.versions.has(referenceTo(key))
    const open = keys.filter(isOpen)
    if (open.length > 0) {
      const versions = await context.get(open)
      for (const [at, key] of open.entries())
        if (!memory.versions.has(referenceTo(key))) memory.versions.set(referenceTo(key), versions[at])
    }
    return keys.map((key) => (context.frozenAt(referenceTo(key)) ?? memory).versions.get(referenceTo(key)))
  },
  version: (key, v) => context.version(key, v),
})

/**
 * Returns a stage's reader without the versions that rules hide. Only the answers lack them: the stage's memory holds
 * all, since a hidden resource has not changed. The rules read through the memory too. Deletions are hidden.
 */
const restrictedReader = (reader: StageReader, restriction: Restriction | undefined): StageReader => {
  if (!restriction) return reader
  const shown = (versions: readonly (Version | undefined)[]) =>
    hideAmong(
      versions.map((version) => (version?.deleted ? undefined : version)),
      restriction,
      reader.get,
    )
  return {
    page: reader.page,
    get: async (keys) => shown(await reader.get(keys)),
    version: async (key, v) => {
      const [version, [current]] = await Promise.all([reader.version(key, v), reader.get([key])])
      const [visible, isVisibleNow] = await shown([version, current])
      return isVisibleNow ? visible : undefined
    },
  }
}
