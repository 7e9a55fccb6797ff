/** https://www.sqlite.org/lockingv3.html — the directory of a stack's data, which only one stack uses at a time. */

import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from './engines/engines.ts'

export interface Directory {
  path: string
  temporary: boolean
}

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Returns the default directory of the data: `.data` in the checkout, or a directory of the user's own when the user may
 * not write to the checkout. https://specifications.freedesktop.org/basedir-spec/latest/
 */
export const defaultDirectory = (
  checkout: string,
  env: Readonly<Record<string, string | undefined>>,
): string => {
  const local = join(checkout, '.data')
  if (isWritable(existsSync(local) ? local : checkout)) return local
  const { XDG_STATE_HOME: state = '' } = env
  return join(isAbsolute(state) ? state : join(env.HOME || homedir(), '.local', 'state'), 'pilotlight')
}

/** A lock on a data directory; the system frees it when the process is gone, however that ended. */
export type DirectoryClaim = DatabaseSync

const temporaryDirectory = (): string =>
  mkdtempSync(`${existsSync('/dev/shm') ? '/dev/shm' : tmpdir()}/pilotlight-`)

const unusable = (path: string, { message }: Error): Refusal =>
  new Refusal(`No data can be kept in ${path} (${message}): set DATA_DIR to another directory.`)

/** Returns the directory, created when missing; `:memory:` is a new temporary directory, removed at the end. */
export const dataDirectory = (name: string): Directory => {
  if (name === ':memory:') return { path: temporaryDirectory(), temporary: true }
  const path = resolve(name)
  try {
    mkdirSync(path, { recursive: true })
    return { path, temporary: false }
  } catch (error) {
    throw unusable(path, error as Error)
  }
}

/** Refuses a directory that no data can be kept in, before anything is built or started. */
export const checkDirectory = (name: string): void => {
  if (name === ':memory:') return
  const { path } = dataDirectory(name)
  if (!isWritable(path)) throw unusable(path, new Error('it is not yours to write'))
}

/** https://www.sqlite.org/rescode.html#busy */
const busy = 5

/**
 * Returns the claim on a directory, whose data two stacks would spoil; refuses a directory that another stack has
 * claimed. A process number in a file would prove little: after a restart another process, or this process itself, may
 * have the number.
 */
export const claimDirectory = ({ path }: Directory): DirectoryClaim => {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(`${path}/lock`)
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if ((error as { errcode?: number }).errcode !== busy) throw unusable(path, error as Error)
    throw new Refusal(
      `The data in ${path} is in use by ${userOf(path)}: stop it, or set DATA_DIR to another directory.`,
    )
  }
}

const userOf = (path: string): string => {
  try {
    return `process ${JSON.parse(readFileSync(`${path}/stack.json`, 'utf8')).pid}`
  } catch {
    return 'another stack'
  }
}

/** Releases a directory, and removes all content of a temporary directory. */
export const releaseDirectory = ({ path, temporary }: Directory, held: DirectoryClaim | undefined): void => {
  if (held && !temporary) rmSync(`${path}/stack.json`, { force: true })
  held?.close()
  if (temporary) rmSync(path, { recursive: true, force: true })
}
