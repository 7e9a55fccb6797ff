/**
 * JSON texts read by position, so that a resource is stored and served with the bytes its client sent.
 * Everything here expects text that `JSON.parse` has accepted.
 */

/** A member of a JSON object: `start` is the position of its name, the value's text is [valueStart, valueEnd). */
export interface MemberSpan {
  name: string
  start: number
  valueStart: number
  valueEnd: number
}

/** A piece of text to be put in place of [start, end). */
export interface Edit {
  start: number
  end: number
  text: string
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const braceOpen = 0x7b
const bracketOpen = 0x5b

/** Returns the first position at or after `at` that is not white space. */
export const skipSpace = (text: string, at: number): number => {
  let i = at
  while (text.charCodeAt(i) <= 0x20) i++
  return i
}

/** Returns the position after the string literal that begins at `at`. */
export const skipString = (text: string, at: number): number => {
  let end = text.indexOf('"', at + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

const isEscaped = (text: string, at: number): boolean => {
  let i = at - 1
  while (text.charCodeAt(i) === backslash) i--
  return (at - i) % 2 === 0
}

/** Returns the position after the value that begins at `at`. */
export const skipValue = (text: string, at: number): number => {
  const first = text.charCodeAt(at)
  if (first === quote) return skipString(text, at)
  return first === braceOpen || first === bracketOpen ? skipNested(text, at) : skipBare(text, at)
}

const skipNested = (text: string, at: number): number => {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) i = skipString(text, i) - 1
    else if (c === braceOpen || c === bracketOpen) depth++
    else if ((c === 0x7d || c === 0x5d) && --depth === 0) return i + 1
  }
  return text.length
}

const skipBare = (text: string, at: number): number => {
  let i = at
  while (i < text.length && !',]} \n\r\t'.includes(text.charAt(i))) i++
  return i
}

/** Returns the text that the string literal [start, end) stands for. */
export const stringAt = (text: string, start: number, end: number): string => {
  const raw = text.slice(start + 1, end - 1)
  return raw.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : raw
}

/** Returns the members of the object that begins at `at`, in their order, repeated names included. */
export const membersAt = (text: string, at: number): MemberSpan[] => {
  const members: MemberSpan[] = []
  let i = skipSpace(text, at + 1)
  while (text.charCodeAt(i) === quote) {
    const nameEnd = skipString(text, i)
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const valueEnd = skipValue(text, valueStart)
    members.push({ name: stringAt(text, i, nameEnd), start: i, valueStart, valueEnd })
    i = nextItem(text, valueEnd)
  }
  return members
}

const nextItem = (text: string, at: number): number => {
  const i = skipSpace(text, at)
  return text.charCodeAt(i) === comma ? skipSpace(text, i + 1) : i
}

/** Returns the start and the end of each item of the array that begins at `at`. */
export const itemSpans = (text: string, at: number): { start: number; end: number }[] => {
  const items: { start: number; end: number }[] = []
  let i = skipSpace(text, at + 1)
  while (text.charAt(i) !== ']') {
    const end = skipValue(text, i)
    items.push({ start: i, end })
    i = nextItem(text, end)
  }
  return items
}

/** Returns the path of the first member whose name its object had already, as in `Patient.name[0].family`. */
export const repeatedMember = (text: string): string | undefined => {
  const start = skipSpace(text, 0)
  const type =
    text.charCodeAt(start) === braceOpen && membersAt(text, start).find(({ name }) => name === 'resourceType')
  return repeatedBelow(text, start, type ? stringAt(text, type.valueStart, type.valueEnd) : '')
}

const repeatedBelow = (text: string, at: number, path: string): string | undefined => {
  const first = text.charCodeAt(at)
  if (first === braceOpen) return repeatedIn(text, membersAt(text, at), path)
  if (first !== bracketOpen) return undefined
  for (const [i, { start }] of itemSpans(text, at).entries()) {
    const found = repeatedBelow(text, start, `${path}[${i}]`)
    if (found !== undefined) return found
  }
  return undefined
}

const repeatedIn = (text: string, members: readonly MemberSpan[], path: string): string | undefined => {
  const names = new Set<string>()
  for (const { name, valueStart } of members) {
    const own = path === '' ? name : `${path}.${name}`
    if (names.has(name)) return own
    names.add(name)
    const found = repeatedBelow(text, valueStart, own)
    if (found !== undefined) return found
  }
  return undefined
}

/** Returns the members of the object that the text holds. */
export const topLevelMembers = (text: string): MemberSpan[] => membersAt(text, skipSpace(text, 0))

/** Returns the text with the edits made; they must be in order and must not overlap. */
export const applyEdits = (text: string, edits: readonly Edit[]): string => {
  let result = ''
  let at = 0
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** The server's own statements about a version, https://hl7.org/fhir/R4/resource.html#Meta */
export interface Stamp {
  id: string
  versionId: string
  lastUpdated: string
}

/** Returns the resource's text with `id`, `meta.versionId` and `meta.lastUpdated` set and every other byte kept. */
export const spliceMeta = (text: string, stamp: Stamp): string => {
  const start = skipSpace(text, 0)
  const members = membersAt(text, start)
  const after = members.find((member) => member.name === 'resourceType')?.valueEnd
  const fields = [
    { name: 'id', value: () => JSON.stringify(stamp.id) },
    { name: 'meta', value: (member: MemberSpan | undefined) => stampedMeta(text, member, stamp) },
  ]
  return applyEdits(text, setMembers(start, members, fields, after))
}

/**
 * Returns the resource's text with the given members of its root set and every other byte kept; new members follow
 * `resourceType`.
 */
export const spliceMembers = (text: string, values: Readonly<Record<string, unknown>>): string => {
  const start = skipSpace(text, 0)
  const members = membersAt(text, start)
  const after = members.find((member) => member.name === 'resourceType')?.valueEnd
  const fields = Object.entries(values).map(([name, value]) => ({ name, value: () => JSON.stringify(value) }))
  return applyEdits(text, setMembers(start, members, fields, after))
}

const stampedMeta = (text: string, meta: MemberSpan | undefined, stamp: Stamp): string => {
  const object = meta && text.charCodeAt(meta.valueStart) === braceOpen
  const source = object ? text.slice(meta.valueStart, meta.valueEnd) : '{}'
  const fields = (['versionId', 'lastUpdated'] as const).map((name) => ({
    name,
    value: () => JSON.stringify(stamp[name]),
  }))
  return applyEdits(source, setMembers(0, membersAt(source, 0), fields, undefined))
}

interface Field {
  name: string
  value: (present: MemberSpan | undefined) => string
}

/**
 * Replaces the members that are present (the last of a repeated name, as JSON.parse keeps the last) and inserts the
 * missing members.
 */
const setMembers = (
  objectStart: number,
  members: readonly MemberSpan[],
  fields: readonly Field[],
  after: number | undefined,
): Edit[] => {
  const present = fields.map((field) => members.findLast((member) => member.name === field.name))
  const missing = fields.filter((_, i) => !present[i])
  const inserted = missing.map((field) => `${JSON.stringify(field.name)}:${field.value(undefined)}`).join(',')
  const replaced = fields.flatMap((field, i) => replacingEdit(present[i], field))
  const insertion = insertAt(objectStart, members.length > 0, after, inserted)
  return [...replaced, ...insertion].sort((a, b) => a.start - b.start)
}

const replacingEdit = (member: MemberSpan | undefined, field: Field): Edit[] =>
  member ? [{ start: member.valueStart, end: member.valueEnd, text: field.value(member) }] : []

const insertAt = (objectStart: number, others: boolean, after: number | undefined, text: string): Edit[] => {
  if (text === '') return []
  if (after !== undefined) return [{ start: after, end: after, text: `,${text}` }]
  return [{ start: objectStart + 1, end: objectStart + 1, text: others ? `${text},` : text }]
}

const memberItemSpans = (text: string, name: string): { start: number; end: number }[] => {
  const list = topLevelMembers(text).findLast((member) => member.name === name)
  return list && text.charCodeAt(list.valueStart) === bracketOpen ? itemSpans(text, list.valueStart) : []
}

/** Returns the texts of the items of an object's member as the client wrote them; empty if the member is no array. */
export const itemTexts = (text: string, name: string): string[] =>
  memberItemSpans(text, name).map(({ start, end }) => text.slice(start, end))

/** Returns, for each entry of a Bundle's text, the text of its resource as the client wrote the resource. */
export const bundleEntryTexts = (text: string): (string | undefined)[] =>
  memberItemSpans(text, 'entry').map(({ start }) => memberText(text, start, 'resource'))

/** Returns the text of a member's value of the object that begins at `at`. */
export const memberText = (text: string, at: number, name: string): string | undefined => {
  if (text.charCodeAt(at) !== braceOpen) return undefined
  const member = membersAt(text, at).findLast((candidate) => candidate.name === name)
  return member && text.slice(member.valueStart, member.valueEnd)
}
