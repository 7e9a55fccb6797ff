import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Environment } from './options.ts'

/** Which files a server has taken, so that an interrupted load goes on where it stopped. */
export interface LoadedFiles {
  /** Returns a resource that the file's load created, or undefined when the file was not loaded. */
  find(server: string, hash: string): string | undefined
  add(server: string, hash: string, created: string): void
  /** Returns the key under which the file is posted: what was interrupted has it again, and is done once. */
  key(server: string, hash: string): string
}

/** Returns where the state is kept when no other place is given. */
export const statePath = (env: Environment): string =>
  join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'pilotlight', 'loaded.json')

/** Opens the state file; one that is missing or unreadable counts as empty. */
export const openLoadedFiles = (path: string): LoadedFiles => {
  const servers = readState(path)
  const keep = (server: string, entries: Record<string, string>): void => {
    servers[server] = entries
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(servers, null, 1))
    renameSync(`${path}.${process.pid}`, path)
  }
  return {
    find: (server, hash) => servers[server]?.[hash],
    add: (server, hash, created) => {
      const { [begun(hash)]: _key, ...entries } = servers[server] ?? {}
      keep(server, { ...entries, [hash]: created })
    },
    key: (server, hash) => {
      const known = servers[server]?.[begun(hash)]
      if (known !== undefined) return known
      const key = randomUUID()
      keep(server, { ...servers[server], [begun(hash)]: key })
      return key
    },
  }
}

const begun = (hash: string): string => `begun ${hash}`

const readState = (path: string): Record<string, Record<string, string>> => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}
