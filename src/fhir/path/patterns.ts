/** https://hl7.org/fhirpath/N1/#matchesregex-string-boolean — FHIRPath's regular expressions, each with a time limit. */

import { createContext, Script } from 'node:vm'

/** The number of characters up to which even a pattern whose time doubles with each character ends soon. */
const harmless = 20
const timeLimitMilliseconds = 250

/**
 * Returns whether a pattern needs the time limit, which costs a millisecond: only if a group repeats or much is repeated.
 */
const needsWatch = (text: string, pattern: string): boolean =>
  text.length > harmless && (/\)[*+{]/.test(pattern) || (pattern.match(/[*+}]/g)?.length ?? 0) > 2)

const scripts = {
  test: new Script('new RegExp(pattern, flags).test(text)'),
  replace: new Script('text.replace(new RegExp(pattern, flags), by)'),
}

interface AskedMatch {
  text: string
  pattern: string
  flags: string
  by?: string
}

const room: Partial<AskedMatch> = {}

const worked = (script: keyof typeof scripts, asked: AskedMatch): unknown => {
  try {
    return scripts[script].runInContext(createContext(Object.assign(room, asked)), {
      timeout: timeLimitMilliseconds,
    })
  } catch (thrown) {
    const overtime = (thrown as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    throw overtime ? new Error(`The regular expression \`${asked.pattern}\` takes too long.`) : thrown
  }
}

const inputText = (inputs: readonly unknown[], name: string): string | undefined => {
  const [text] = inputs
  if (inputs.length > 1 || (text !== undefined && typeof text !== 'string'))
    throw new Error(`\`${name}()\` is asked of one string.`)
  return text
}

const matchesFunction = (inputs: readonly unknown[], pattern: unknown): readonly unknown[] => {
  const text = inputText(inputs, 'matches')
  if (text === undefined || typeof pattern !== 'string') return []
  const flags = 'su'
  return [
    needsWatch(text, pattern)
      ? worked('test', { text, pattern, flags })
      : new RegExp(pattern, flags).test(text),
  ]
}

const replaceMatches = (inputs: readonly unknown[], pattern: unknown, by: unknown): readonly unknown[] => {
  const text = inputText(inputs, 'replaceMatches')
  if (text === undefined || typeof pattern !== 'string' || typeof by !== 'string') return []
  const flags = 'gu'
  return [
    needsWatch(text, pattern)
      ? worked('replace', { text, pattern, flags, by })
      : text.replace(new RegExp(pattern, flags), by),
  ]
}

/** The functions that replace the engine's own, which would work at an expression without any time limit. */
export const patternFunctions = {
  matches: { fn: matchesFunction, arity: { 1: ['String'] } },
  replaceMatches: { fn: replaceMatches, arity: { 2: ['String', 'String'] } },
}
