import { readFileSync, writeFileSync } from 'node:fs'

/** A process's resident memory in bytes: at present, and the most since the last reset. */
export interface Resident {
  now: number
  peak: number
}

const statusBytes = (status: string, name: string): number =>
  1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)

/** Returns the resident memory of a process; undefined when the process is gone, or on systems other than Linux. */
export const residentOf = (pid: number): Resident | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return { now: statusBytes(status, 'VmRSS'), peak: statusBytes(status, 'VmHWM') }
  } catch {
    return undefined
  }
}

/** Makes a process's peak its present memory: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
export const resetPeak = (pid: number): void => {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Without it the peak is that of the process's whole life: more is refused, not less.
  }
}
