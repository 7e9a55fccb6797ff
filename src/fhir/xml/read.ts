/** https://hl7.org/fhir/R4/xml.html — a resource's JSON text, from its XML. */

import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes'
import { type Failure, failure } from '../../outcome/failure.ts'
import { tooDeep } from '../../outcome/messages.ts'
import { type MemberRule, type Structure, structureOf } from '../structure.ts'
import { isResourceType } from '../types.ts'
import { Narrative, xhtmlNamespace } from './narrative.ts'
import { fhirNamespace, isPrimitive, orderOf } from './write.ts'

const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'
/** The deepest nesting of elements that is read. */
export const maxXmlDepth = 100

/** The JSON texts of all elements of a name so far, `null` for an element without a value or without extras. */
interface Collected {
  values: (string | null)[]
  extras: (string | null)[]
  repeats: boolean
}

/** An open element: the members read so far, and the position that the next member must not precede. */
interface Frame {
  name: string
  /** `Patient.name[1]` */
  path: string
  kind: 'resource' | 'holder' | 'complex' | 'primitive'
  structure?: Structure
  rule?: MemberRule
  members: Map<string, Collected>
  /** JSON texts of attributes that are members: `id`, `url`. */
  own: [name: string, json: string][]
  value?: string
  /** A holder's resource. */
  held?: string
  reached: number
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const numbers = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])

/** https://hl7.org/fhir/R4/datatypes.html#primitive: white space around values of these types means nothing in XML. */
const trimmed =
  /^(boolean|integer|positiveInt|unsignedInt|decimal|base64Binary|instant|date|dateTime|ur[il]|canonical|oid|uuid)$/

const isSpace = (text: string, at: number): boolean => ' \t\r\n'.includes(text.charAt(at) || '-')

const trim = (text: string): string => {
  let [start, end] = [0, text.length]
  while (isSpace(text, start)) start++
  while (end > start && isSpace(text, end - 1)) end--
  return text.slice(start, end)
}

/**
 * Returns the JSON text of a primitive. A value that does not fit its type stays a string, so that validation reports the
 * value with its path.
 */
const literal = (type: string, written: string): string => {
  const text = trimmed.test(type) ? trim(written) : written
  if (numbers.has(type) && jsonNumber.test(text)) return text
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text
  return JSON.stringify(text)
}

const objectOf = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`

const jsonList = (items: readonly (string | null)[]): string =>
  `[${items.map((item) => item ?? 'null').join(',')}]`

const isAny = (items: readonly (string | null)[]): boolean => items.some((item) => item !== null)

const memberTexts = ([name, { values, extras, repeats }]: [string, Collected]): [string, string][] => {
  const shown = (items: readonly (string | null)[]): string =>
    repeats ? jsonList(items) : (items[0] ?? 'null')
  return [
    ...(isAny(values) ? [[name, shown(values)] as [string, string]] : []),
    ...(isAny(extras) ? [[`_${name}`, shown(extras)] as [string, string]] : []),
  ]
}

const elementContentOf = ({ own, members }: Frame): [string, string][] => [
  ...own,
  ...[...members].flatMap(memberTexts),
]

/** Reads a single document; made anew for each. */
class XmlReader {
  readonly #parser = new SaxesParser({ xmlns: true, position: true })
  readonly #source: string
  readonly #open: Frame[] = []
  #result = ''
  #narrativeDepth = 0
  /** The position of the tag that is being read. */
  #tagStart = 0
  #narrative: Narrative | undefined

  constructor(source: string) {
    this.#source = source
    this.#parser.on('doctype', () => {
      throw this.#malformed('A DOCTYPE is not allowed: it could define entities.')
    })
    this.#parser.on('error', (error) => {
      throw this.#malformed(`The body is not well-formed XML: ${error.message.replace(/^\d+:\d+: /, '')}`)
    })
    this.#parser.on('opentagstart', () => {
      this.#tagStart = this.#source.lastIndexOf('<', this.#parser.position - 1)
    })
    this.#parser.on('opentag', (tag) => this.#opens(tag))
    this.#parser.on('closetag', (tag) => this.#closes(tag))
    this.#parser.on('text', (text) => this.#reads(text))
    this.#parser.on('cdata', (text) => {
      this.#narrative?.cdata(text, this.#parser.position)
      this.#reads(text)
    })
  }

  read(): string {
    this.#parser.write(this.#source).close()
    return this.#result
  }

  #malformed(what: string): Failure {
    const { line, columnIndex } = this.#parser
    return failure('malformed', `${what} Line ${line}, column ${columnIndex + 1}.`, this.#open.at(-1)?.path)
  }

  #reads(text: string): void {
    if (this.#narrativeDepth > 0 || text.trim() === '') return
    throw this.#malformed(
      `\`${text.trim().slice(0, 40)}\` stands between elements; FHIR has values in attributes.`,
    )
  }

  #opens(tag: SaxesTagNS): void {
    // The parser looks through all that is open for each element's namespace.
    if (this.#open.length + this.#narrativeDepth >= maxXmlDepth) throw tooDeep(maxXmlDepth)
    if (this.#narrativeDepth > 0) {
      if (tag.uri !== xhtmlNamespace)
        throw this.#malformed(
          `\`<${tag.name}>\` in the narrative is not in the namespace \`${xhtmlNamespace}\`.`,
        )
      this.#narrativeDepth++
    } else this.#open.push(this.#frameFor(tag, this.#open.at(-1)))
    this.#narrative?.opens(tag, this.#tagStart)
  }

  #frameFor(tag: SaxesTagNS, parent: Frame | undefined): Frame {
    const isNarrative = tag.uri === xhtmlNamespace && tag.local === 'div'
    if (tag.uri !== fhirNamespace && !isNarrative)
      throw this.#malformed(`\`<${tag.name}>\` is not in the namespace \`${fhirNamespace}\`.`)
    if (!parent || parent.kind === 'holder') return this.#resourceFrame(tag, parent)
    return this.#memberFrame(tag, parent, isNarrative)
  }

  #resourceFrame(tag: SaxesTagNS, holder: Frame | undefined): Frame {
    if (!isResourceType(tag.local)) throw this.#malformed(`\`<${tag.name}>\` is not a resource type of R4.`)
    if (holder?.held !== undefined) throw this.#malformed(`\`${holder.path}\` holds more than one resource.`)
    this.#attributes(tag, [])
    return this.#frame(tag.local, holder?.path ?? tag.local, 'resource', structureOf(tag.local))
  }

  #frame(name: string, path: string, kind: Frame['kind'], structure?: Structure, rule?: MemberRule): Frame {
    return {
      name,
      path,
      kind,
      members: new Map(),
      own: [],
      reached: -1,
      ...(structure && { structure }),
      ...(rule && { rule }),
    }
  }

  #memberFrame(tag: SaxesTagNS, parent: Frame, isNarrative: boolean): Frame {
    const rule = this.#ruleFor(tag, parent)
    const path = this.#place(tag.local, parent, rule)
    const { code, content } = rule.type
    if (isNarrative !== (code === 'xhtml')) throw this.#malformed(`\`${path}\` is in the wrong namespace.`)
    if (isNarrative) {
      if (tag.prefix !== '' && tag.ns[''] !== undefined)
        throw this.#malformed('Write the narrative without a prefix: `<div xmlns="…">`.')
      this.#narrativeDepth = 1
      this.#narrative = new Narrative(this.#source, this.#tagStart)
      return this.#frame(tag.local, path, 'primitive', undefined, rule)
    }
    if (code === 'Resource') return this.#frame(tag.local, path, 'holder', undefined, rule)
    if (isPrimitive(code)) return this.#primitiveFrame(tag, path, rule)
    const frame = this.#frame(tag.local, path, 'complex', structureOf(content), rule)
    const named = this.#attributes(tag, content === 'Extension' ? ['id', 'url'] : ['id'])
    frame.own = named.map(([name, text]) => [name, JSON.stringify(text)])
    return frame
  }

  #primitiveFrame(tag: SaxesTagNS, path: string, rule: MemberRule): Frame {
    const frame = this.#frame(tag.local, path, 'primitive', structureOf('Element'), rule)
    const named = new Map(this.#attributes(tag, ['id', 'value']))
    const value = named.get('value')
    if (value !== undefined) frame.value = literal(rule.type.code, value)
    const id = named.get('id')
    if (id !== undefined) frame.own = [['id', JSON.stringify(id)]]
    return frame
  }

  #ruleFor({ local }: SaxesTagNS, { structure, kind, path }: Frame): MemberRule {
    const rule = structure?.members.get(local)
    const isAttribute =
      local === 'id' ? kind !== 'resource' : local === 'url' && structure?.name === 'Extension'
    if (rule && !isAttribute) return rule
    throw failure(
      'unknown-element',
      isAttribute
        ? `\`${path}.${local}\` is written as an attribute in XML.`
        : `\`${local}\` is not an element of \`${structure?.name ?? path}\`.`,
      `${path}.${local}`,
    )
  }

  /** Notes an element and returns its path; fails if the element comes too late or too often. */
  #place(name: string, parent: Frame, { element }: MemberRule): string {
    const place = (parent.structure && orderOf(parent.structure).get(name)) ?? 0
    if (place < parent.reached)
      throw this.#malformed(
        `\`${parent.path}.${name}\` stands too late: XML has the order of the definition.`,
      )
    parent.reached = place
    const collected = parent.members.get(name)
    const repeats = element.max > 1
    if (!collected) parent.members.set(name, { values: [], extras: [], repeats })
    else if (!repeats) throw this.#malformed(`\`${parent.path}.${name}\` is there more than once.`)
    return repeats ? `${parent.path}.${name}[${collected?.values.length ?? 0}]` : `${parent.path}.${name}`
  }

  /** Returns the element's attributes; fails for an attribute that is not allowed. */
  #attributes(tag: SaxesTagNS, allowed: readonly string[]): [name: string, text: string][] {
    const found: [string, string][] = []
    for (const { local, uri, prefix, name, value } of Object.values(tag.attributes) as SaxesAttributeNS[]) {
      if (prefix === 'xmlns' || name === 'xmlns' || uri === schemaInstance) continue
      if (uri !== '' || !allowed.includes(local))
        throw this.#malformed(`\`<${tag.name}>\` cannot have the attribute \`${name}\`.`)
      found.push([local, value])
    }
    return found
  }

  #closes(tag: SaxesTagNS): void {
    this.#narrative?.closes(tag, this.#parser.position)
    if (this.#narrativeDepth > 1) {
      this.#narrativeDepth--
      return
    }
    const frame = this.#open.pop() as Frame
    if (this.#narrativeDepth === 1) {
      this.#narrativeDepth = 0
      frame.value = JSON.stringify(this.#narrative?.text(this.#parser.position))
      this.#narrative = undefined
    }
    this.#settle(frame, this.#open.at(-1))
  }

  #settle(frame: Frame, parent: Frame | undefined): void {
    if (frame.kind === 'resource') {
      const text = objectOf([['resourceType', JSON.stringify(frame.name)], ...elementContentOf(frame)])
      if (parent) parent.held = text
      else this.#result = text
      return
    }
    const collected = parent?.members.get(frame.name)
    collected?.values.push(this.#valueOf(frame))
    collected?.extras.push(this.#extraOf(frame))
  }

  #valueOf(frame: Frame): string | null {
    if (frame.kind === 'primitive') return frame.value ?? null
    if (frame.kind === 'complex') return objectOf(elementContentOf(frame))
    if (frame.held === undefined)
      throw failure('required', `\`${frame.path}\` holds no resource.`, frame.path)
    return frame.held
  }

  #extraOf(frame: Frame): string | null {
    if (frame.kind !== 'primitive') return null
    const content = elementContentOf(frame)
    if (content.length > 0) return objectOf(content)
    if (frame.value !== undefined) return null
    throw failure('required', `\`${frame.path}\` has neither a value nor an extension.`, frame.path)
  }
}

/**
 * Converts a resource's XML text to JSON text, and keeps the digits of decimals and the narrative. Fails if the text is
 * not XML, has a DOCTYPE, nests deeper than 100 levels, or contains elements that R4 does not define.
 */
export const fromXml = (xml: string): string => new XmlReader(xml.replace(/^\uFEFF/, '')).read()
