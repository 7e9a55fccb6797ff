/** https://hl7.org/fhir/R4/xml.html — a resource's XML, from its JSON text. */

import { type MemberRule, type Structure, structureOf } from '../structure.ts'
import { isXmlCharacter, possible } from './characters.ts'
import { xhtmlCharacter } from './entities.ts'

/** The namespace of every FHIR element. */
export const fhirNamespace = 'http://hl7.org/fhir'

/** A number with its JSON text, since a JavaScript number would lose digits. */
class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type XmlMembers = Readonly<Record<string, unknown>>

const keepNumber = (_name: string, value: unknown, context: { source?: string }): unknown =>
  typeof value === 'number' ? new Digits(context.source ?? String(value)) : value

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
}

/** Returns the text as an attribute's value between double quotes. */
export const escaped = (text: string): string =>
  possible(text).replace(/[&<>"\n\r\t]/g, (character) => escapes[character] ?? '')

const valueText = (value: unknown): string => escaped(value instanceof Digits ? value.text : String(value))

const ofXml = /^(?:amp|lt|gt|quot|apos)$/
const isNumber = /^#(?:\d+|x[\da-fA-F]+)$/

const entityCode = (number: string): number =>
  number.startsWith('#x') ? Number.parseInt(number.slice(2), 16) : Number.parseInt(number.slice(1), 10)

/** Returns an entity in XML's form. An unknown name, stored before narratives were checked, is written as plain text. */
const entity = (all: string, name: string): string => {
  if (isNumber.test(name)) return isXmlCharacter(entityCode(name)) ? all : '&#xfffd;'
  if (ofXml.test(name)) return all
  const code = xhtmlCharacter(name)
  return code === undefined ? `&amp;${name};` : `&#${code};`
}

const xhtml = (text: string): string => {
  const known = possible(text).replace(/&(#?\w+);/g, entity)
  return /^\s*<div[^>]*\sxmlns=/.test(known)
    ? known
    : known.replace(/<div/, '<div xmlns="http://www.w3.org/1999/xhtml"')
}

/** Returns whether the type is primitive: only primitive types begin with a lower-case letter. */
export const isPrimitive = (code: string): boolean => code.charCodeAt(0) >= 0x61

const orderedPlace = (names: ReadonlyMap<string, number>, name: string): number => {
  const place = names.get(name.startsWith('_') ? name.slice(1) : name)
  if (place === undefined) throw new Error(`A stored resource has the unknown element \`${name}\`.`)
  return place
}

const memberOrders = new WeakMap<Structure, ReadonlyMap<string, number>>()

/** Returns the position of each member of a structure: XML has the order of the definition. */
export const orderOf = (structure: Structure): ReadonlyMap<string, number> => {
  const known = memberOrders.get(structure)
  if (known) return known
  const order = new Map([...structure.members.keys()].map((name, place) => [name, place]))
  memberOrders.set(structure, order)
  return order
}

const inOrder = (names: readonly string[], structure: Structure): string[] => {
  const order = orderOf(structure)
  const bare = new Set(names.map((name) => (name.startsWith('_') ? name.slice(1) : name)))
  return [...bare].toSorted((a, b) => orderedPlace(order, a) - orderedPlace(order, b))
}

/** `id` and an extension's `url` are attributes, but a resource's id is an element. */
const attributesOf = (value: XmlMembers, name: string): string => {
  const id = value.id === undefined ? '' : ` id="${valueText(value.id)}"`
  return name === 'Extension' && value.url !== undefined ? `${id} url="${valueText(value.url)}"` : id
}

/** The text before each element: nothing, or a line break and two spaces for each level. */
type Pad = string

const deeper = (pad: Pad): Pad => (pad === '' ? '' : `${pad}  `)

const elementText = (pad: Pad, name: string, attributes: string, content: string): string =>
  content === '' ? `${pad}<${name}${attributes}/>` : `${pad}<${name}${attributes}>${content}${pad}</${name}>`

const primitive = (pad: Pad, name: string, value: unknown, more: unknown): string => {
  const extra = (more ?? {}) as XmlMembers
  const own = value === undefined || value === null ? '' : ` value="${valueText(value)}"`
  const extensions = Array.isArray(extra.extension) ? extra.extension : []
  const children = extensions.map((each) => complex(deeper(pad), 'extension', 'Extension', each))
  return elementText(pad, name, attributesOf(extra, 'Element') + own, children.join(''))
}

const complex = (pad: Pad, name: string, content: string, value: unknown): string => {
  const structure = structureOf(content)
  if (!structure) throw new Error(`R4 has no type \`${content}\`.`)
  const members = value as XmlMembers
  const own = Object.keys(members).filter(
    (key) => key !== 'id' && !(content === 'Extension' && key === 'url'),
  )
  return elementText(
    pad,
    name,
    attributesOf(members, content),
    xmlChildrenOf(deeper(pad), members, own, structure),
  )
}

const singleElement = (
  pad: Pad,
  name: string,
  { type }: MemberRule,
  value: unknown,
  more: unknown,
): string => {
  if (type.code === 'xhtml') return pad + xhtml(String(value))
  if (isPrimitive(type.code)) return primitive(pad, name, value, more)
  if (type.code === 'Resource')
    return elementText(pad, name, '', resourceXml(deeper(pad), value as XmlMembers, ''))
  return complex(pad, name, type.content, value)
}

const member = (pad: Pad, name: string, rule: MemberRule, value: unknown, more: unknown): string => {
  if (!Array.isArray(value) && !Array.isArray(more)) return singleElement(pad, name, rule, value, more)
  const values = (value ?? []) as readonly unknown[]
  const extras = (more ?? []) as readonly unknown[]
  const length = Math.max(values.length, extras.length)
  return Array.from({ length }, (_, i) => singleElement(pad, name, rule, values[i], extras[i])).join('')
}

const xmlChildrenOf = (pad: Pad, value: XmlMembers, keys: readonly string[], structure: Structure): string =>
  inOrder(keys, structure)
    .map((name) =>
      member(pad, name, structure.members.get(name) as MemberRule, value[name], value[`_${name}`]),
    )
    .join('')

const resourceXml = (pad: Pad, value: XmlMembers, attributes: string): string => {
  const type = String(value.resourceType)
  const structure = structureOf(type)
  if (structure?.kind !== 'resource') throw new Error(`R4 has no resource type \`${type}\`.`)
  const own = Object.keys(value).filter((name) => name !== 'resourceType')
  return elementText(pad, type, attributes, xmlChildrenOf(deeper(pad), value, own, structure))
}

/** Converts a resource's JSON text to XML text, and keeps the digits of decimals and the narrative. */
export const toXml = (json: string, pretty = false): string => {
  const value = JSON.parse(json, keepNumber as Parameters<typeof JSON.parse>[1]) as XmlMembers
  const pad = pretty ? '\n' : ''
  return `<?xml version="1.0" encoding="UTF-8"?>${resourceXml(pad, value, ` xmlns="${fhirNamespace}"`)}`
}
