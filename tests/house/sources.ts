import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** One import of one source file; `to` is a path from the project's root, or a package's name. */
export interface Import {
  from: string
  to: string
  typeOnly: boolean
}

/** Returns the project's own source files, generated ones left out. */
export const sourceFiles = (...patterns: readonly string[]): string[] =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !path.includes('/generated/'))

/** Returns every import of a file, dynamic ones too. */
export const importsOf = (path: string): Import[] => {
  const text = readFileSync(join(root, path), 'utf8')
  const found = text.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/gm,
  )
  return [...found].map(([, type, named, dynamic]) => {
    const to = named ?? dynamic ?? ''
    return {
      from: path,
      to: to.startsWith('.') ? relative(root, join(root, dirname(path), to)) : to,
      typeOnly: type !== undefined,
    }
  })
}

/** Returns the paths that git would take into a commit. */
export const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
