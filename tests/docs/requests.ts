import { readdirSync, readFileSync } from 'node:fs'
import { projectRoot } from '../../src/local/template/template.ts'

/** Where the requests lie that documentation offers to try. */
export const directory = `${projectRoot}docs/requests`

/** A request of documentation, and the status that stands beside it, or either of two. */
export interface Asked {
  title: string
  expected: number[]
  /** By which later requests name its answer. */
  name?: string
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

const requestOf = (part: string): Asked => {
  const lines = part.split('\n')
  const [title = '', answers = ''] = lines
  const name = /^# @name (\w+)$/.exec(lines[2] ?? '')?.[1]
  const [line = '', ...rest] = lines.slice(name ? 3 : 2)
  const [method = '', url = ''] = line.split(' ')
  const blank = rest.indexOf('')
  const headers = rest.slice(0, blank).map((header) => header.split(/: (.*)/s).slice(0, 2))
  const expected = /^# answers (\d{3})(?: or (\d{3}))?$/.exec(answers)?.slice(1).filter(Boolean) ?? []
  return {
    title,
    expected: expected.map(Number),
    ...(name && { name }),
    method,
    url,
    headers: Object.fromEntries(headers),
    body: rest
      .slice(blank + 1)
      .join('\n')
      .trimEnd(),
  }
}

/** Returns the names of the files. */
export const requestFiles = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.http'))

/** Returns the requests of a file, in their order. */
export const requestsOf = (file: string): Asked[] =>
  readFileSync(`${directory}/${file}`, 'utf8')
    .split(/^### ?/m)
    .slice(1)
    .map(requestOf)
