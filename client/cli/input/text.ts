// https://hl7.org/fhir/R4/json.html — FHIR is written in UTF-8 and nothing else.
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** The name that standard input has on a command line. */
export const standardInput = '-'

/** A file that cannot be used, with its name and the reason in one line. */
export class InputFailure extends Error {
  readonly reason: string
  constructor(name: string, reason: string) {
    super(`\`${name === standardInput ? 'standard input' : name}\`: ${reason}`)
    this.reason = reason
  }
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  ENOTDIR: 'There is no such file.',
  EISDIR: 'It is a folder.',
  EACCES: 'You may not read it.',
  EPERM: 'You may not read it.',
  ERR_FS_FILE_TOO_LARGE: 'It is larger than 2 GB: divide it, or write it as `.ndjson`.',
}

/** Returns the failure to read a file, in plain words. */
export const unreadable = (name: string, error: unknown): InputFailure => {
  if (error instanceof InputFailure) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  return new InputFailure(name, systemReasons[code] ?? `It cannot be read: ${message}.`)
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Returns the bytes of what may be gzip, inflated. */
export const inflated = (name: string, bytes: Buffer): Buffer => {
  if (!isGzip(bytes)) return bytes
  try {
    return gunzipSync(bytes)
  } catch {
    throw new InputFailure(name, 'It is a gzip file that is damaged or cut off.')
  }
}

/** Returns the bytes of a file or of standard input, inflated where they are gzip. Fails with an InputFailure. */
export const readBytes = async (name: string): Promise<Buffer> => {
  try {
    return inflated(name, name === standardInput ? await buffer(process.stdin) : await readFile(name))
  } catch (error) {
    throw unreadable(name, error)
  }
}

/** Returns the line of the first byte that is not UTF-8; 0 where all are. */
const spoiledLine = (bytes: Buffer): number => {
  let at = 0
  for (let line = 1; at < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, at)
    const until = end < 0 ? bytes.length : end
    if (!isUtf8(bytes.subarray(at, until))) return line
    at = until + 1
  }
  return 0
}

const decoder = new TextDecoder('utf-8', { fatal: true })

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Returns the text of bytes, without a byte order mark; fails with an InputFailure where they are not UTF-8. */
export const decoded = (name: string, bytes: Buffer, firstLine = 1): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    const utf16 =
      bytes.subarray(0, 2).toString('hex') === 'fffe' || bytes.subarray(0, 2).toString('hex') === 'feff'
    const found = utf16 ? 'It is UTF-16' : `It is not UTF-8 (line ${spoiledLine(bytes) + firstLine - 1})`
    throw new InputFailure(name, `${found}: FHIR is written in UTF-8, so save it as that.`)
  }
}

/** Returns the text of a file or of standard input; fails with an InputFailure where it is not UTF-8. */
export const readText = async (name: string): Promise<string> => decoded(name, await readBytes(name))

const placeIn = (text: string, at: number): string => {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

/** Returns the place where JSON text goes wrong, and why, without the words of the engine. */
const syntaxReason = (text: string, message: string): string => {
  if (text.trim() === '') return 'It is empty.'
  if (text.trimStart().startsWith('<')) return 'It is XML: give it as JSON.'
  const place = /position (\d+)/.exec(message)?.[1]
  const at = place === undefined ? text.length : Number(place)
  if (at >= text.trimEnd().length || /end of JSON|Unterminated/.test(message))
    return 'It is no whole JSON: it ends in the middle.'
  return `It is no JSON: ${placeIn(text, at)} has \`${[...text.slice(at, at + 8)][0]}\` where none can be.`
}

/** Returns the JSON of a text; fails with an InputFailure that says where it is none. */
export const parsedJson = (
  name: string,
  text: string,
  parse: (text: string) => unknown = JSON.parse,
): unknown => {
  try {
    return parse(text)
  } catch (error) {
    throw new InputFailure(name, syntaxReason(text, (error as Error).message))
  }
}

/** A FHIR resource as JSON, as little as is known of any. */
export interface AnyResource {
  resourceType: string
  id?: string
  type?: unknown
}

/** Returns the value as a resource; fails with an InputFailure where it is none. */
export const asResource = (name: string, value: unknown): AnyResource => {
  const { resourceType } = (value ?? {}) as { resourceType?: unknown }
  if (typeof resourceType !== 'string' || !/^[A-Z][A-Za-z]*$/.test(resourceType))
    throw new InputFailure(name, 'It is no FHIR resource: it has no `resourceType`.')
  return value as AnyResource
}
