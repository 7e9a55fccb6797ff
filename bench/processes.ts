import { readdirSync, readFileSync } from 'node:fs'

/** https://docs.kernel.org/scheduler/sched-stats.html: the first number is nanoseconds on a processor. */
const threadCpuMs = (task: string): number => {
  try {
    return Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return 0
  }
}

/** Returns the milliseconds of CPU that processes have used so far, all threads; not a number outside Linux. */
export const cpuMs = (pids: readonly number[]): number => {
  if (process.platform !== 'linux') return Number.NaN
  return pids
    .flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`))
    .reduce((sum, task) => sum + threadCpuMs(task), 0)
}
