import { decoded, readBytes, standardInput } from '../input/text.ts'
import { type Content, contentOf, linesContent } from './parts.ts'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Standard input has no name that tells: a whole resource on the first line, and more after it. */
const hasLines = (bytes: Buffer): boolean => {
  const end = bytes.indexOf(0x0a)
  const rest =
    end < 0
      ? ''
      : bytes
          .subarray(end, end + 2000)
          .toString('utf8')
          .trim()
  return rest.startsWith('{') && isJson(bytes.subarray(0, end).toString('utf8'))
}

let input: Promise<Buffer> | undefined

/** Standard input can be read only once, and is asked for twice. */
const bytesOf = (file: string): Promise<Buffer> => {
  if (file !== standardInput) return readBytes(file)
  input ??= readBytes(file)
  return input
}

/** Returns the content of a file; fails with an InputFailure. */
export const readContent = async (file: string): Promise<Content> => {
  const bytes = await bytesOf(file)
  return /\.(ndjson|jsonl)(\.gz)?$/i.test(file) || hasLines(bytes)
    ? linesContent(file, bytes)
    : contentOf(file, decoded(file, bytes))
}

/** Others refer to resources of these types, each also to those before it. */
const foundations = ['Organization', 'Location', 'Practitioner', 'PractitionerRole', 'Patient']

/** Returns the step of a load that a file belongs to, by the types of resources in it; a file that cannot be read is in the last. */
export const stepOf = async (file: string): Promise<number> => {
  const bytes = await bytesOf(file).catch(() => undefined)
  if (bytes === undefined) return foundations.length
  const types = [...bytes.toString('latin1').matchAll(/"resourceType"\s*:\s*"(\w+)"/g)].map(
    ([, type = '']) => type,
  )
  const steps = types
    .filter((type) => type !== 'Bundle')
    .map((type) => (foundations.includes(type) ? foundations.indexOf(type) : foundations.length))
  return Math.max(...steps, 0)
}
