/** The texts of issues: each names its subject, the expected form, and the way out. */

import { error, type Failure, failure, type Issue } from './failure.ts'

export const noSuchType = (name: string): Failure =>
  failure(
    'unknown-type',
    `\`${name}\` is not an R4 resource type. \`/metadata\` lists the types that are served.`,
  )

export const unknownPath = (method: string, path: string, places: readonly string[] = []): Failure =>
  failure(
    'not-found',
    `Nothing is served at \`${method} /${path}\`. ${
      places.length > 0
        ? `That operation is at ${places.map((place) => `\`/${place}\``).join(', ')}.`
        : '`/metadata` lists the interactions.'
    }`,
  )

export const methodNotAllowed = (method: string, path: string, allowed: readonly string[]): Issue =>
  error('method-not-allowed', `\`${method}\` is not possible at \`/${path}\`. Use ${allowed.join(', ')}.`)

export const badId = (id: string, expression?: string): Issue =>
  error(
    'invalid',
    `\`${id}\` is not an id: expected 1 to 64 of A-Z, a-z, 0-9, \`-\` and \`.\`, not \`.\` or \`..\` alone.`,
    expression,
  )

export const notFound = (type: string, id: string): Issue =>
  error('not-found', `\`${type}/${id}\` does not exist.`)

export const gone = (type: string, id: string): Issue =>
  error('deleted', `\`${type}/${id}\` was deleted. Its past versions are under \`${type}/${id}/_history\`.`)

export const noVersion = (type: string, id: string, version: string): Issue =>
  error('not-found', `\`${type}/${id}\` has no version \`${version}\`. See \`${type}/${id}/_history\`.`)

export const goneVersion = (type: string, id: string, version: string): Issue =>
  error(
    'deleted',
    `Version \`${version}\` of \`${type}/${id}\` is its deletion. The version before it can be read.`,
  )

export const onlyASubset = (type: string): Issue =>
  error(
    'invariant',
    `The ${type} is tagged SUBSETTED: it is only a part of what is stored, and would replace the whole. Read it without \`_summary\` and \`_elements\` first.`,
    `${type}.meta.tag`,
  )

export const emptyBody = (expected: string): Failure =>
  failure('malformed', `The body is empty. Expected ${expected} as JSON.`)

export const badJson = (what: string, line: number, column: number): Failure =>
  failure('malformed', `The body is not JSON: ${what} at line ${line}, column ${column}.`)

export const repeatedName = (path: string): Failure =>
  failure(
    'malformed',
    `\`${path}\` stands there twice. The names in an object are unique; a list is an array.`,
    path,
  )

export const halfCharacter = (): Failure =>
  failure(
    'malformed',
    'The body holds an escape such as `\\ud800` that is half a character: write both halves, or the character itself.',
  )

export const impossibleCharacter = (place: string): Failure =>
  failure(
    'invalid',
    `\`${place}\` holds a character that neither a FHIR string nor XML can hold, such as a control character.`,
    place,
  )

export const tooDeep = (depth: number): Failure =>
  failure('malformed', `The body nests deeper than ${depth} levels. No FHIR resource needs that.`)

export const tooLarge = (size: number, limit: number): Failure =>
  failure('too-large', `The body has ${size} bytes; at most ${limit} are taken. Send smaller bundles.`)

export const tooManyEntries = (count: number, limit: number): Failure =>
  failure(
    'too-large',
    `The Bundle has ${count} entries; at most ${limit} are taken. Send it in parts.`,
    'Bundle.entry',
  )

export const notAResource = (): Failure =>
  failure('malformed', 'The body is not a resource: expected a JSON object with `resourceType`.')

export const wrongType = (actual: unknown, expected: string, expression = 'resourceType'): Issue =>
  error(
    'invalid',
    `\`resourceType\` is \`${String(actual)}\`; expected \`${expected}\`, as the URL says.`,
    expression,
  )

export const missingId = (type: string, id: string): Issue =>
  error('required', `The resource has no \`id\`; expected \`${id}\`, as the URL says.`, `${type}.id`)

export const wrongId = (type: string, actual: unknown, id: string): Issue =>
  error(
    'invalid',
    `The resource's \`id\` is \`${String(actual)}\`; expected \`${id}\`, as the URL says.`,
    `${type}.id`,
  )

export const otherId = (type: string, actual: unknown, id: string): Issue =>
  error(
    'invalid',
    `The resource's \`id\` is \`${String(actual)}\`, but the condition matches \`${type}/${id}\`. Leave the \`id\` out, or send that one.`,
    `${type}.id`,
  )

export const mediaType = (actual: string, supported: readonly string[]): Failure =>
  failure('media-type', `Content-Type \`${actual}\` is not supported. Send ${supported.join(' or ')}.`)

export const otherCharset = (actual: string): Failure =>
  failure('media-type', `Content-Type \`${actual}\` is not supported: FHIR is written in UTF-8.`)

export const notUtf8 = (): Failure =>
  failure('malformed', 'The body is not UTF-8, which FHIR is written in: letters of it could not be read.')

export const notAcceptable = (actual: string, supported: readonly string[]): Failure =>
  failure('not-acceptable', `\`${actual}\` is not supported. Ask for ${supported.join(' or ')}.`)

export const notLoggedIn = (): Failure =>
  failure(
    'login',
    'This needs a token: send `Authorization: Bearer …`. `/.well-known/smart-configuration` says where to get one.',
  )

export const forbidden = (because: string): Issue => error('forbidden', because)

export const badETag = (header: string, value: string): Failure =>
  failure('invalid', `\`${header}: ${value}\` is not understood. Expected a version such as \`W/"3"\`.`)

export const versionMismatch = (
  type: string,
  id: string,
  versions: readonly string[],
  current: number | undefined,
): Issue => {
  const asked = versions.join(' or ')
  return error(
    'version-conflict',
    current === undefined
      ? `\`If-Match\` asks for version ${asked}, but \`${type}/${id}\` does not exist.`
      : `\`If-Match\` asks for version ${asked}, but \`${type}/${id}\` is at version ${current}. Read it and try again.`,
  )
}

export const nothingThere = (type: string, id: string): Issue =>
  error('version-conflict', `\`If-Match: *\` asks for what is there, but \`${type}/${id}\` does not exist.`)

export const changedSince = (type: string, id: string, t: string): Issue =>
  error(
    'version-conflict',
    `\`If-Unmodified-Since\` forbids it: \`${type}/${id}\` was changed at ${t}. Read it and try again.`,
  )

export const alreadyThere = (type: string, id: string): Issue =>
  error('version-conflict', `\`If-None-Match: *\` forbids to replace, but \`${type}/${id}\` exists.`)

export const raced = (): Failure =>
  failure('conflict', 'Other writers changed the same resources again and again. Try again.')

export const multipleMatches = (type: string, criteria: string): Issue =>
  error(
    'multiple-matches',
    `\`${type}?${criteria}\` matches more than one resource; a condition must match one at the most. (A deletion of several says how many at the most: \`_count\`.)`,
  )

export const tooManyMatches = (type: string, most: number): Issue =>
  error(
    'multiple-matches',
    `More than ${most} of type \`${type}\` match, which \`_count\` forbids. Nothing was deleted.`,
  )

export const nothingMatches = (type: string, criteria: string): Issue =>
  error('not-found', `\`${type}?${criteria}\` matches nothing that could be changed.`)

export const emptyCriteria = (type: string, expression?: string): Issue =>
  error(
    'invalid',
    `A condition on \`${type}\` needs at least one search parameter that it understands.`,
    expression,
  )

export const notACriterion = (name: string): Issue =>
  error(
    'unknown-parameter',
    `\`${name}\` says what to return, not what to find; a condition takes criteria only.`,
  )

export const otherCriteria = (type: string, criteria: string): Issue =>
  error(
    'invalid',
    `\`${criteria}\` is no condition on \`${type}\`, which is to be created. Expected search parameters of \`${type}\`, as after the \`?\` of a search.`,
  )

export const plusReadAsSpace = (
  type: string,
  [name, value]: readonly [name: string, value: string],
  meant: string,
): Issue =>
  error(
    'invalid',
    `The condition asks for \`${name}=${value}\`, which the ${type} itself does not have; it has \`${meant}\`. A plus sign in a query is read as a space: write \`${name}=${meant.replaceAll('+', '%2B').replaceAll(' ', '%20')}\`.`,
  )

export const unrelatedResource = (type: string, id: string): Issue =>
  error(
    'conflict',
    `The condition matches nothing, but \`${type}/${id}\` exists and is another resource. Leave the \`id\` out, or update \`${type}/${id}\` itself.`,
  )

/** A plus sign in a query is a space: who means the sign finds nothing. */
const plusHint = (reference: string): string =>
  reference.includes('+') ? ' (A `+` in it is read as a space; one that is meant is written `%2B`.)' : ''

export const unresolved = (reference: string, matches: number, expression: string): Issue =>
  matches === 0
    ? error(
        'unresolved',
        `The conditional reference \`${reference}\` matches nothing; create its target first.${plusHint(reference)}`,
        expression,
      )
    : error(
        'multiple-matches',
        `The conditional reference \`${reference}\` matches more than one resource; add criteria.`,
        expression,
      )

export const noTarget = (reference: string, expression: string): Issue =>
  error(
    'dangling',
    `\`${reference}\` does not exist; create it first, or in the same transaction.`,
    expression,
  )

export const deletedTarget = (reference: string, expression: string): Issue =>
  error('conflict', `\`${reference}\` is deleted, so nothing can refer to it.`, expression)

export const referredTo = (type: string, id: string, by: readonly string[], most: number): Issue =>
  error(
    'conflict',
    `\`${type}/${id}\` is referred to by ${by
      .slice(0, most)
      .map((name) => `\`${name}\``)
      .join(', ')}${by.length > most ? ' and others' : ''}. Delete these first, or all in one transaction.`,
  )

export const tooManyDeletions = (count: number, most: number): Failure =>
  failure(
    'too-costly',
    `${count} deletions at once; where what is referred to is kept, at most ${most} are looked after in one transaction.`,
  )

export const responseTooLarge = (size: number, limit: number): Failure =>
  failure(
    'too-costly',
    `The answer has ${size} bytes; at most ${limit} can leave at once. Ask for less with \`_count\`, or send \`Accept-Encoding: gzip\`.`,
  )

export const outOfTime = (): Failure =>
  failure(
    'timeout',
    'The request took longer than a function may. A change may have been made all the same: look before you repeat it, or ask for less at once.',
  )
